import { isIP } from 'node:net'
import { isLoopback } from '../../kernel/text/is-loopback.ts'
import type { HostPort, SettingType } from './setting-type.ts'

export type SettingParsed = string | number | boolean | HostPort

/** Parses the text of a setting of this type; undefined when it is not allowed. */
export function parseSetting(type: SettingType, text: string): SettingParsed | undefined {
  switch (type.kind) {
    case 'host:port':
      return parseHostPort(text, type.loopbackOnly)
    case 'directory':
    case 'path':
    case 'secret-file':
      return text.startsWith('/') && !text.includes('\0') ? text : undefined
    case 'integer':
      return parseInteger(text, type.min, type.max)
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined
    case 'choice':
      return type.choices.includes(text) ? text : undefined
    case 'url':
      return parseUrl(text)
    case 'database-url':
      // A secret made from a file often ends with its line break.
      return isDatabaseUrl(text.trim()) ? text.trim() : undefined
    case 'list':
      return text
    case 'text':
      return type.pattern.test(text) ? text : undefined
  }
}

/** Whether it looks like the URL of a PostgreSQL database. The store reads it in full. */
export function isDatabaseUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\/\S+$/.test(text) && URL.canParse(text)
}

function parseInteger(text: string, min: number, max: number): number | undefined {
  if (!/^(0|[1-9]\d{0,15})$/.test(text)) return undefined
  const value = Number(text)
  return value >= min && value <= max ? value : undefined
}

function parseHostPort(text: string, loopbackOnly: boolean): HostPort | undefined {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(0|[1-9]\d{0,4})$/.exec(text)
  if (parts === null) return undefined
  const [, bracketed, plain, digits] = parts
  const port = Number(digits)
  const host = bracketed === undefined ? parseHost(plain ?? '') : parseIpv6(bracketed)
  if (host === undefined || port > 65_535) return undefined
  return loopbackOnly && !isLoopback(host) ? undefined : Object.freeze({ host, port })
}

function parseHost(text: string): string | undefined {
  const host = text.toLowerCase()
  return host === 'localhost' || isIP(host) === 4 ? host : undefined
}

/** Shortens an IPv6 address, so that `[0:0:0:0:0:0:0:1]` is known as `::1`. */
function parseIpv6(text: string): string | undefined {
  return isIP(text) === 6 ? new URL(`http://[${text}]`).hostname.slice(1, -1) : undefined
}

function parseUrl(text: string): string | undefined {
  if (!/^https?:\/\/\S+$/i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const plain = url.username === '' && url.password === '' && !/[?#]/.test(text)
  return plain ? url.href.replace(/\/+$/, '') : undefined
}
