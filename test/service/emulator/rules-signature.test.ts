import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { authorization, callFront, usageInput } from '../../support/aws/front-call.ts'
import { closeChecked, startEmulator, type Harness } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await startEmulator()
})
afterEach(() => closeChecked(harness))

type Headers = Readonly<Record<string, string>>

const call = (headers: Headers) =>
  callFront(Number(new URL(harness.url).port), 'MeterUsage', usageInput(), headers)

async function failureOf(headers: Headers): Promise<unknown> {
  const { status, body } = await call(headers)
  expect(status).toBe(400)
  return body
}

const without = (part: string) => authorization().replace(new RegExp(`,? ?${part}=[^,]*`), '')

describe('the signature of a call', () => {
  test('a request without a signature is a MissingAuthenticationTokenException', async () => {
    expect(await failureOf({ authorization: '' })).toEqual({
      __type: 'MissingAuthenticationTokenException',
      message: 'Missing Authentication Token',
    })
  })

  test('a request with half a signature is an IncompleteSignatureException', async () => {
    const halves: readonly [Headers, string][] = [
      [{ authorization: without('Signature') }, "requires 'Signature' parameter"],
      [{ authorization: without('SignedHeaders') }, "requires 'SignedHeaders' parameter"],
      [
        { authorization: authorization().replace('=host', '=x-amz-date') },
        "must be a 'SignedHeader'",
      ],
      [{ 'x-amz-date': 'today' }, "Got 'today'"],
    ]
    for (const [headers, words] of halves)
      expect(await failureOf(headers)).toEqual({
        __type: 'IncompleteSignatureException',
        message: expect.stringContaining(words),
      })
  })

  test('a date other than that of the credential is an InvalidSignatureException', async () => {
    expect(await failureOf({ 'x-amz-date': '20260311T091500Z' })).toMatchObject({
      __type: 'InvalidSignatureException',
      message: expect.stringContaining('does not match'),
    })
  })

  test('a signature that is more than five minutes old, or ahead, is an InvalidSignatureException', async () => {
    expect((await call({ 'x-amz-date': '20260310T091000Z' })).status).toBe(200)
    expect(await failureOf({ 'x-amz-date': '20260310T090959Z' })).toEqual({
      __type: 'InvalidSignatureException',
      message:
        'Signature expired: 20260310T090959Z is now earlier than 20260310T091000Z (20260310T091500Z - 5 min.)',
    })
    expect(await failureOf({ 'x-amz-date': '20260310T092001Z' })).toEqual({
      __type: 'InvalidSignatureException',
      message:
        'Signature not yet current: 20260310T092001Z is still later than 20260310T092000Z (20260310T091500Z + 5 min.)',
    })
  })

  test('a signature with the time of the machine is valid, whatever time is emulated', async () => {
    const now = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
    const scope = authorization().replace('20260310', now.slice(0, 8))
    expect((await call({ 'x-amz-date': now, authorization: scope })).status).toBe(200)
  })
})

describe('common errors', () => {
  test('a fault can be any common error of AWS, with Exception at the end or without', async () => {
    const statuses: readonly [string, number][] = [
      ['OptInRequired', 403],
      ['OptInRequiredException', 403],
      ['RequestExpired', 400],
      ['RequestExpiredException', 400],
      ['ServiceUnavailable', 503],
      ['ServiceUnavailableException', 503],
      ['IncompleteSignature', 400],
      ['IncompleteSignatureException', 400],
      ['MissingAuthenticationToken', 403],
      ['MissingAuthenticationTokenException', 400],
      ['ValidationError', 400],
      ['InvalidAction', 400],
      ['InvalidParameterValue', 400],
      ['InvalidParameterCombination', 400],
      ['InvalidQueryParameter', 400],
      ['MalformedQueryString', 404],
      ['MissingAction', 400],
      ['MissingParameter', 400],
      ['NotAuthorized', 400],
      ['RequestTimeoutException', 408],
      ['AccessDenied', 400],
      ['InternalFailure', 500],
      ['InvalidClientTokenId', 403],
      ['Throttling', 400],
    ]
    for (const [error, status] of statuses) {
      await harness.control('faults', { operation: 'MeterUsage', error })
      expect(await call({})).toMatchObject({ status, body: { __type: error } })
    }
  })
})
