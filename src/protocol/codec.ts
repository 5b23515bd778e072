import { succeed } from '../kernel/result.ts'
import { roundedNumber } from '../kernel/text/rounded-number.ts'
import { errorStatus, serviceError, type ServiceResult } from './service-errors.ts'
import { isOperationName, signingName, targetPrefix, type OperationName } from './operations.ts'

/** The content type of every request and answer. */
export const contentType = 'application/x-amz-json-1.1'

/** Who signed a request, when and for where: `<id>/<yyyymmdd>/<region>/<service>/aws4_request`. */
export interface CredentialScope {
  readonly accessKeyId: string
  readonly date: string
  readonly region: string
  readonly service: string
}

/** The `X-Amz-Target` of an operation. */
export function requestTarget(operation: OperationName): string {
  return `${targetPrefix}.${operation}`
}

/** Parses the operation that an `X-Amz-Target` header names. */
export function parseTarget(header: string | undefined): ServiceResult<OperationName> {
  if (header === undefined) {
    return serviceError('UnknownOperationException', 'The X-Amz-Target header is missing.')
  }
  const name = header.startsWith(`${targetPrefix}.`) ? header.slice(targetPrefix.length + 1) : ''
  return isOperationName(name)
    ? succeed(name)
    : serviceError('UnknownOperationException', `The service has no operation '${header}'.`)
}

/** Whether a `Content-Type` header is that of the protocol, parameters aside. */
export function isProtocolContentType(header: string | undefined): boolean {
  return header?.split(';', 1)[0]?.trim().toLowerCase() === contentType
}

/**
 * Parses the credential scope of an `Authorization` header. The signature is not checked, because only
 * AWS has the secret key. A scope for another service is refused as AWS refuses it.
 */
export function parseCredentialScope(
  authorization: string | undefined,
): ServiceResult<CredentialScope> {
  if (authorization === undefined || authorization === '') {
    return serviceError('MissingAuthenticationTokenException', 'Missing Authentication Token')
  }
  const credential = /^AWS4-HMAC-SHA256 .*?Credential=([^\s,]+)/.exec(authorization)?.[1]
  const parts = (credential ?? '').split('/')
  const [accessKeyId, date, region, service, terminator] = parts
  if (
    parts.length !== 5 ||
    !accessKeyId ||
    !/^\d{8}$/.test(date ?? '') ||
    !region ||
    !service ||
    terminator !== 'aws4_request'
  ) {
    return serviceError(
      'IncompleteSignatureException',
      'Authorization header requires a SigV4 Credential parameter, <access key id>/<yyyymmdd>/<region>/<service>/aws4_request.',
    )
  }
  if (service !== signingName) {
    return serviceError(
      'InvalidSignatureException',
      `Credential should be scoped to correct service: '${signingName}'.`,
    )
  }
  return succeed({ accessKeyId, date: date ?? '', region, service })
}

/** Parses a request body. Like AWS, it reads an empty one as an empty object. */
export function parseBody(body: string): ServiceResult<unknown> {
  if (body.trim() === '') return succeed({})
  try {
    const value: unknown = JSON.parse(body)
    // A time may have more digits than anyone needs; a quantity is billed.
    const rounded = roundedNumber(body, 'Timestamp')
    return rounded === undefined
      ? succeed(value)
      : serviceError('SerializationException', 'A number has more digits than can be read exactly.')
  } catch {
    return serviceError('SerializationException', 'The request body is not valid JSON.')
  }
}

/** Encodes a failure of any name as its status and body, `{"__type", "message"}`. */
export function encodeFailure(failure: { readonly name: string; readonly message: string }): {
  readonly status: number
  readonly body: string
} {
  return {
    status: errorStatus(failure.name),
    body: JSON.stringify({ __type: failure.name, message: failure.message }),
  }
}

/** No calendar goes further, in either direction. */
const latestInstant = 8.64e15

/** Converts epoch seconds of the wire to ms. Those that no calendar has become the nearest that one has. */
export function toInstant(epochSeconds: number): number {
  const instant = Math.round(epochSeconds * 1000)
  return Math.max(-latestInstant, Math.min(instant, latestInstant))
}
