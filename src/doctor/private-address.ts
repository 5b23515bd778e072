import { BlockList, isIP } from 'node:net'

const ranges = new BlockList()
for (const [net, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  ranges.addSubnet(net, prefix, 'ipv4')
ranges.addAddress('::1', 'ipv6')
ranges.addSubnet('fc00::', 7, 'ipv6')
ranges.addSubnet('fe80::', 10, 'ipv6')

/** Reports whether an address lies inside the network or the machine, as a VPC endpoint's does. */
export function isPrivateAddress(address: string): boolean {
  return ranges.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
