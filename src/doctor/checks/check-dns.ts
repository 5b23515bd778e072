import { isIP } from 'node:net'
import { defineCheck } from '../check.ts'
import { areaOf, endpointHost, systemCode } from '../endpoint-host.ts'
import { timedOut } from '../../kernel/with-deadline.ts'

export const dnsCheck = defineCheck({
  id: 'dns',
  title: 'Whether the name of the endpoint resolves: to a VPC endpoint, or to public addresses.',
  needs: [],
  problems: {
    UnknownName: {
      status: 'fail',
      when: 'Nobody knows the name.',
      fix: 'Correct SIDECAR_AWS_ENDPOINT or SIDECAR_REGION if they are set; in a VPC switch on enableDnsSupport, and enableDnsHostnames for a VPC endpoint with private DNS.',
    },
    NoResolver: {
      status: 'fail',
      when: 'The DNS server does not answer, or not in time.',
      fix: 'Let the task or pod reach its DNS server: port 53 by UDP and TCP in security groups, network ACLs and network policies; on EKS look at CoreDNS.',
    },
  },
  async run(diagnosis, findings) {
    const endpoint = await diagnosis.endpoint()
    if (typeof endpoint === 'string') {
      findings.skip(`Not looked at. ${endpoint}`)
      return
    }
    const { host, isAws } = endpointHost(endpoint)
    if (isIP(host) !== 0) {
      findings.pass(`${host} is an address; there is nothing to resolve.`)
      return
    }
    try {
      const addresses = await diagnosis.inTime(() => diagnosis.addresses(host))
      if (addresses === timedOut) {
        findings.problem('NoResolver', `${host} was not resolved in ${diagnosis.timeoutMs} ms.`)
        return
      }
      const area = areaOf(addresses)
      const meaning = !isAws
        ? ''
        : area === 'private'
          ? ', a VPC endpoint'
          : ', AWS by way of the internet'
      findings.pass(`${host} has ${area} addresses${meaning}: ${addresses.join(', ')}.`)
    } catch (error) {
      const code = systemCode(error)
      const known = code === 'ENOTFOUND' || code === 'ENODATA'
      findings.problem(known ? 'UnknownName' : 'NoResolver', `${host} was not resolved (${code}).`)
    }
  },
})
