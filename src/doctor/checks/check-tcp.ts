import { connect } from 'node:net'
import { defineCheck } from '../check.ts'
import { areaOf, endpointHost, systemCode } from '../endpoint-host.ts'
import { timedOut } from '../../kernel/with-deadline.ts'

const vpcEndpoint = 'the VPC endpoint com.amazonaws.{region}.metering-marketplace'

export const tcpCheck = defineCheck({
  id: 'tcp',
  title: 'Whether a connection to the endpoint opens.',
  needs: ['dns'],
  problems: {
    PrivateSilent: {
      status: 'fail',
      when: 'A private address does not answer: something on the way to the VPC endpoint drops packets.',
      fix: `Let port {port} into the security group of ${vpcEndpoint} from that of the task or pod; also look at network ACLs and network policies.`,
    },
    PublicSilent: {
      status: 'fail',
      when: 'A public address does not answer: most often a private subnet without a way out.',
      fix: `Create ${vpcEndpoint} with private DNS on in this VPC, or give the subnet a NAT gateway; allow port {port} outwards. If the VPC endpoint is there, its private DNS is off.`,
    },
    Refused: {
      status: 'fail',
      when: 'The address answers, and nothing listens on the port.',
      fix: 'Start what SIDECAR_AWS_ENDPOINT names, or correct it; without that setting, look for a proxy or a firewall on the way.',
    },
    Unreachable: {
      status: 'fail',
      when: 'The system knows no way to the address.',
      fix: `Give the subnet a route: a NAT gateway, or ${vpcEndpoint} with private DNS on.`,
    },
  },
  async run(diagnosis, findings) {
    const endpoint = await diagnosis.endpoint()
    if (typeof endpoint === 'string') return
    const { host, port } = endpointHost(endpoint)
    const { timeoutMs } = diagnosis
    const region = (await diagnosis.platform()).region?.region ?? '<region>'
    const values = { region, port: String(port) }
    const addresses = await diagnosis.addresses(host)
    const attempts = await Promise.all(
      addresses.map(async (address) => {
        const code = await diagnosis.inTime((signal) => connects(address, port, signal))
        return { address, code: code === timedOut ? 'ETIMEDOUT' : code }
      }),
    )
    const opened = attempts.find((attempt) => attempt.code === undefined)
    if (opened !== undefined) {
      findings.pass(`${opened.address} takes connections on port ${port}.`)
      return
    }
    const code = attempts[0]?.code ?? ''
    const what = code === 'ETIMEDOUT' ? `in ${timeoutMs} ms` : `(${code})`
    const where = `${addresses.join(', ')}, port ${port}`
    const message = `No connection opened ${what}: ${where}.`
    findings.problem(tcpProblem(code, addresses), message, { values })
  },
})

/** What it means that no connection opens, the first address having failed with `code`. */
export function tcpProblem(
  code: string,
  addresses: readonly string[],
): 'PrivateSilent' | 'PublicSilent' | 'Refused' | 'Unreachable' {
  if (code === 'ECONNREFUSED') return 'Refused'
  if (code !== 'ETIMEDOUT') return 'Unreachable'
  return areaOf(addresses) === 'private' ? 'PrivateSilent' : 'PublicSilent'
}

/** Undefined, or the system's code for why not. */
function connects(host: string, port: number, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    signal.addEventListener('abort', () => socket.destroy(), { once: true })
    socket.once('error', (error) => resolve(systemCode(error)))
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
  })
}
