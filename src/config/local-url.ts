import type { HostPort } from './settings.ts'

const wildcardHosts: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** How a program on this machine calls a listener of the settings, without a path. */
export function localUrl({ host, port }: HostPort): string {
  const address = wildcardHosts[host] ?? host
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`
}
