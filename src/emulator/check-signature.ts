import type { IncomingHttpHeaders } from 'node:http'
import { fromIso, toIso } from '../kernel/clock.ts'
import { fail } from '../kernel/result.ts'
import { parseCredentialScope, type CredentialScope } from '../protocol/codec.ts'
import { serviceError, type ServiceResult } from '../protocol/service-errors.ts'

/** How far a signature's time may be from the service's, in either direction. */
export const signatureToleranceMs = 5 * 60_000

/** The times that a request may be signed with. A client signs with its machine's, or with that of the answers. */
export interface SigningTimes {
  readonly now: readonly number[]
  readonly toleranceMs: number
}

/**
 * Checks that a request is signed whole and in time, as AWS does before anything else, and returns who
 * signed it. Whether the signature is right is not checked: the secret key is not here.
 */
export function checkSignature(
  headers: IncomingHttpHeaders,
  times: SigningTimes,
): ServiceResult<CredentialScope> {
  const { authorization } = headers
  const scope = parseCredentialScope(authorization)
  if (!scope.ok) return scope
  const missing = missingParts(authorization ?? '', headers)
  if (missing !== undefined) return serviceError('IncompleteSignatureException', missing)
  const text = String(headers['x-amz-date'])
  const signedAt = parseAmzDate(text)
  if (signedAt === undefined)
    return serviceError(
      'IncompleteSignatureException',
      `Date must be in ISO-8601 'basic format'. Got '${text}'.`,
    )
  if (!text.startsWith(scope.value.date))
    return serviceError(
      'InvalidSignatureException',
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scope.value.date}' != '${text.slice(0, 8)}', from '${text}'.`,
    )
  const wrong = wrongTime(signedAt, text, times)
  return wrong === undefined ? scope : fail({ name: 'InvalidSignatureException', message: wrong })
}

function missingParts(authorization: string, headers: IncomingHttpHeaders): string | undefined {
  const parts = ['SignedHeaders', 'Signature'].filter(
    (name) => !new RegExp(`[ ,]${name}=[^\\s,]`).test(authorization),
  )
  const needs = parts.map((name) => `Authorization header requires '${name}' parameter.`)
  if (headers['x-amz-date'] === undefined)
    needs.push(
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    )
  if (needs.length > 0) return needs.join(' ')
  const signed = /SignedHeaders=([^\s,]+)/.exec(authorization)?.[1]?.split(';') ?? []
  return signed.includes('host')
    ? undefined
    : "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
}

function wrongTime(
  signedAt: number,
  text: string,
  { now, toleranceMs }: SigningTimes,
): string | undefined {
  const ages = now.map((each) => each - signedAt)
  if (ages.some((age) => Math.abs(age) <= toleranceMs)) return undefined
  const [service = 0] = now
  const isEarly = signedAt > service
  const limit = toAmzDate(service + (isEarly ? toleranceMs : -toleranceMs))
  const words = isEarly ? 'Signature not yet current' : 'Signature expired'
  const sign = isEarly ? '+' : '-'
  return `${words}: ${text} is ${isEarly ? 'still later' : 'now earlier'} than ${limit} (${toAmzDate(service)} ${sign} 5 min.)`
}

/** Parses `20260310T091500Z`. */
function parseAmzDate(text: string): number | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? []
  return fromIso(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}

function toAmzDate(instant: number): string {
  return toIso(instant).replaceAll(/[-:]|\.\d+/g, '')
}
