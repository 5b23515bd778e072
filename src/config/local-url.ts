import type { HostPort } from './settings/setting-type.ts'

const wildcardHosts: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** As the settings write it: `[::1]:7070`. */
export function addressOf({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The URL, without a path, by which a program on this machine calls a listener of the settings. */
export function localUrl({ host, port }: HostPort): string {
  return `http://${addressOf({ host: wildcardHosts[host] ?? host, port })}`
}
