import { isIP } from 'node:net'
import { defineCheck } from '../check.ts'
import { areaOf, endpointHost, systemCode } from '../endpoint-host.ts'

export const dnsCheck = defineCheck({
  id: 'dns',
  title: 'Whether the name of the endpoint resolves: to a VPC endpoint, or to public addresses.',
  needs: [],
  problems: {
    UnknownName: {
      status: 'fail',
      when: 'No DNS server knows the name.',
      fix: 'Correct SIDECAR_AWS_ENDPOINT or SIDECAR_REGION if they are set. In a VPC turn on enableDnsSupport, and enableDnsHostnames for a VPC endpoint with private DNS.',
    },
    NoResolver: {
      status: 'fail',
      when: 'The DNS server does not answer in time.',
      fix: 'Let the task or pod reach its DNS server: port 53 by UDP and TCP in security groups, network ACLs and network policies. On EKS check CoreDNS.',
    },
  },
  async run(diagnosis, findings) {
    const endpoint = await diagnosis.endpoint()
    if (!endpoint.ok) {
      findings.skip(`Not checked. ${endpoint.failure}`)
      return
    }
    const { host, isAws } = endpointHost(endpoint.value)
    if (isIP(host) !== 0) {
      findings.pass(`${host} is an address, so there is nothing to resolve.`)
      return
    }
    try {
      const resolved = await diagnosis.inTime(() => diagnosis.addresses(host))
      if (!resolved.ok) {
        findings.problem('NoResolver', `${host} was not resolved in ${diagnosis.timeoutMs} ms.`)
        return
      }
      const addresses = resolved.value
      const area = areaOf(addresses)
      const meaning = !isAws
        ? ''
        : area === 'private'
          ? ', a VPC endpoint'
          : ', AWS over the internet'
      findings.pass(`${host} has ${area} addresses${meaning}: ${addresses.join(', ')}.`)
    } catch (error) {
      const code = systemCode(error)
      const known = code === 'ENOTFOUND' || code === 'ENODATA'
      findings.problem(known ? 'UnknownName' : 'NoResolver', `${host} was not resolved (${code}).`)
    }
  },
})
