import { connect } from 'node:net'
import { defineCheck } from '../check.ts'
import { areaOf, endpointHost, systemCode } from '../endpoint-host.ts'

const vpcEndpoint = 'the VPC endpoint com.amazonaws.{region}.metering-marketplace'

export const tcpCheck = defineCheck({
  id: 'tcp',
  title: 'Whether a connection to the endpoint opens.',
  needs: ['dns'],
  problems: {
    PrivateSilent: {
      status: 'fail',
      when: 'A private address does not answer: something on the way to the VPC endpoint drops packets.',
      fix: `In the security group of ${vpcEndpoint}, allow port {port} from that of the task or pod. Also check network ACLs and network policies.`,
    },
    PublicSilent: {
      status: 'fail',
      when: 'A public address does not answer: most often a private subnet without a route to the internet.',
      fix: `Create ${vpcEndpoint} with private DNS on in this VPC, or give the subnet a NAT gateway. Allow outbound port {port}. If the VPC endpoint exists, its private DNS is off.`,
    },
    Refused: {
      status: 'fail',
      when: 'The address answers, but nothing listens on the port.',
      fix: 'Start what SIDECAR_AWS_ENDPOINT names, or correct it. Without that setting, look for a proxy or a firewall on the way.',
    },
    Unreachable: {
      status: 'fail',
      when: 'The system has no route to the address.',
      fix: `Give the subnet a route: a NAT gateway, or ${vpcEndpoint} with private DNS on.`,
    },
  },
  async run(diagnosis, findings) {
    const endpoint = await diagnosis.endpoint()
    if (!endpoint.ok) return
    const { host, port } = endpointHost(endpoint.value)
    const { timeoutMs } = diagnosis
    const region = (await diagnosis.platform()).region?.region ?? '<region>'
    const values = { region, port: String(port) }
    const addresses = await diagnosis.addresses(host)
    const attempts = await Promise.all(
      addresses.map(async (address) => {
        const tried = await diagnosis.inTime((signal) => tryToConnect(address, port, signal))
        return { address, code: tried.ok ? tried.value : 'ETIMEDOUT' }
      }),
    )
    const opened = attempts.find((attempt) => attempt.code === undefined)
    if (opened !== undefined) {
      findings.pass(`${opened.address} accepts connections on port ${port}.`)
      return
    }
    const code = attempts[0]?.code ?? ''
    const what = code === 'ETIMEDOUT' ? `in ${timeoutMs} ms` : `(${code})`
    const where = `${addresses.join(', ')}, port ${port}`
    const message = `No connection opened ${what}: ${where}.`
    findings.problem(tcpProblem(code, addresses), message, { values })
  },
})

/** Names the problem when no connection opens and the first address failed with `code`. */
export function tcpProblem(
  code: string,
  addresses: readonly string[],
): 'PrivateSilent' | 'PublicSilent' | 'Refused' | 'Unreachable' {
  if (code === 'ECONNREFUSED') return 'Refused'
  if (code !== 'ETIMEDOUT') return 'Unreachable'
  return areaOf(addresses) === 'private' ? 'PrivateSilent' : 'PublicSilent'
}

/** Opens a connection and closes it. Resolves with the system's code when that failed. */
function tryToConnect(
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<string | undefined> {
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
