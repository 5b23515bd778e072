import { isLoopback } from '../../kernel/text/is-loopback.ts'
import { defineCheck } from '../check.ts'
import { endpointHost } from '../endpoint-host.ts'
import { shakeHands } from '../handshake.ts'

export const tlsCheck = defineCheck({
  id: 'tls',
  title: 'Whether the endpoint shows a certificate that this machine trusts.',
  needs: ['tcp'],
  problems: {
    NotTrusted: {
      status: 'fail',
      when: 'This machine does not trust the signer of the certificate: most often a proxy that inspects TLS.',
      fix: "Exempt the Metering service from the proxy's inspection, or mount the proxy's CA and name it with NODE_EXTRA_CA_CERTS.",
    },
    WrongName: {
      status: 'fail',
      when: 'The certificate is for other names.',
      fix: 'Correct SIDECAR_AWS_ENDPOINT. Without that setting, look for a proxy, or for a VPC endpoint of another service with this name.',
    },
    WrongTime: {
      status: 'fail',
      when: 'The certificate is not valid yet, or has expired.',
      fix: "Set this machine's clock if it is wrong. Otherwise renew the certificate of what SIDECAR_AWS_ENDPOINT names.",
    },
    NoHandshake: {
      status: 'fail',
      when: 'The connection opens, but TLS fails: it is cut off, or the server does not speak TLS.',
      fix: 'Let {host} pass firewalls and proxies that inspect TLS. If SIDECAR_AWS_ENDPOINT names a server without TLS, write http://.',
    },
    Silent: {
      status: 'fail',
      when: 'The connection opens, but the handshake does not finish in time.',
      fix: 'Look for a proxy or a load balancer without a target on the way to {host}.',
    },
    Opened: {
      status: 'warn',
      when: 'An endpoint of AWS shows a trusted certificate that Amazon did not sign: a proxy reads the traffic.',
      fix: "Exempt {host} from the proxy's inspection.",
    },
    NoTls: {
      status: 'warn',
      when: 'SIDECAR_AWS_ENDPOINT is http:// and not on this machine.',
      fix: 'Write https://, unless it is an emulator in your own network.',
    },
  },
  async run(diagnosis, findings) {
    const endpoint = await diagnosis.endpoint()
    if (!endpoint.ok) return
    const { url, host, port, isAws } = endpointHost(endpoint.value)
    const values = { host }
    if (url.protocol === 'http:') {
      if (isLoopback(host))
        findings.pass('Not needed: the endpoint is on this machine, without TLS.')
      else findings.problem('NoTls', `${url.origin} is called without TLS.`, { values })
      return
    }
    const { ca } = diagnosis.machine
    const addresses = await diagnosis.addresses(host)
    const shaken = await diagnosis.inTime((signal) =>
      shakeHands({ host, addresses, port, ca, signal }),
    )
    if (!shaken.ok) {
      const ms = diagnosis.timeoutMs
      findings.problem('Silent', `The TLS handshake did not finish in ${ms} ms.`, { values })
      return
    }
    const { problem, issuer, names, validTo } = shaken.value
    if (issuer === undefined)
      findings.problem('NoHandshake', `The TLS handshake failed (${problem}).`, { values })
    else if (problem === 'ERR_TLS_CERT_ALTNAME_INVALID')
      findings.problem(
        'WrongName',
        `The certificate is not for ${host} but for ${names ?? 'no name'}.`,
      )
    else if (problem === 'CERT_HAS_EXPIRED' || problem === 'CERT_NOT_YET_VALID')
      findings.problem(
        'WrongTime',
        `The certificate is not valid now (${problem}): it is valid to ${validTo}.`,
      )
    else if (problem !== undefined)
      findings.problem('NotTrusted', `The certificate is signed by ${issuer} (${problem}).`)
    else if (isAws && !/\bAmazon\b/.test(issuer))
      findings.problem('Opened', `The certificate of ${host} is signed by ${issuer}.`, { values })
    else findings.pass(`The certificate is signed by ${issuer}, valid to ${validTo}.`)
  },
})
