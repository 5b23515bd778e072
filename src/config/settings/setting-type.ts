/** An address to listen on; an IPv6 host is written without brackets. Port 0 lets the system choose. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/** The kinds of value that a setting can have, with what each allows. */
export type SettingType =
  | { readonly kind: 'host:port'; readonly loopbackOnly: boolean }
  | { readonly kind: 'directory' | 'path' | 'boolean' | 'url' | 'database-url' }
  | { readonly kind: 'secret-file'; readonly holds: 'token' | 'database-url' }
  | {
      readonly kind: 'integer'
      readonly unit: 's' | 'ms' | 'bytes' | ''
      readonly min: number
      readonly max: number
    }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'list'; readonly range: string }
  | { readonly kind: 'text'; readonly pattern: RegExp; readonly range: string }

/** What the program has of a value of this type. */
export type Parsed<T extends SettingType> = T extends { kind: 'integer' }
  ? number
  : T extends { kind: 'boolean' }
    ? boolean
    : T extends { kind: 'host:port' }
      ? HostPort
      : T extends { kind: 'choice'; choices: readonly (infer C)[] }
        ? C
        : string

export const text = (pattern: RegExp, range: string) => ({ kind: 'text', pattern, range }) as const

export const choice = <const C extends readonly string[]>(choices: C) =>
  ({ kind: 'choice', choices }) as const

/** `load-settings.ts` converts a setting in seconds: its member has milliseconds. */
export const integer = (
  unit: Extract<SettingType, { kind: 'integer' }>['unit'],
  min: number,
  max: number,
) => ({ kind: 'integer', unit, min, max }) as const

/** The allowed values of a type in words. */
export function rangeOf(type: SettingType): string {
  switch (type.kind) {
    case 'host:port':
      return type.loopbackOnly
        ? 'host:port with 127.0.0.1, another 127.x.x.x, [::1] or localhost'
        : 'host:port with an IP address ([...] around IPv6) or localhost'
    case 'directory':
      return 'the absolute path of a directory'
    case 'path':
    case 'secret-file':
      return 'the absolute path of a file'
    case 'integer':
      return `${type.min} to ${type.max}${type.unit === '' ? '' : ` ${type.unit}`}`
    case 'boolean':
      return 'true or false'
    case 'choice':
      return type.choices.join(', ')
    case 'url':
      return 'an http:// or https:// address without user, query or fragment'
    case 'database-url':
      return 'postgres://user:password@host:port/database'
    case 'list':
    case 'text':
      return type.range
  }
}
