import { toDate } from '../kernel/clock.ts'

/** Turns members of the wire into the SDK's: epoch seconds of a `Timestamp` become a Date. */
export function toSdkMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toSdkMembers)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === 'Timestamp' && typeof member === 'number'
        ? toDate(Math.round(member * 1000))
        : toSdkMembers(member),
    ]),
  )
}

/** Turns the SDK's members into the wire's: a Date becomes epoch seconds, `$metadata` is left out. */
export function fromSdkMembers(output: object): Readonly<Record<string, unknown>> {
  const members = Object.entries(output).filter(([name]) => name !== '$metadata')
  return Object.fromEntries(members.map(([name, member]) => [name, fromSdk(member)]))
}

function fromSdk(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromSdk)
  if (typeof value !== 'object' || value === null) return value
  const epochMs =
    'getTime' in value && typeof value.getTime === 'function' ? value.getTime() : undefined
  return typeof epochMs === 'number' ? epochMs / 1000 : fromSdkMembers(value)
}
