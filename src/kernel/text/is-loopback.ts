import { isIP } from 'node:net'

/** Whether only this machine can reach a host, a name or an address; that of IPv6 may have the brackets of a URL. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}
