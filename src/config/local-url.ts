import type { HostPort } from './settings/setting-type.ts'

const wildcardHosts: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** The URL, without a path, by which a program on this machine calls a listener of the settings. */
export function localUrl({ host, port }: HostPort): string {
  const address = wildcardHosts[host] ?? host
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`
}
