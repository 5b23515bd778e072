import * as sdk from '@aws-sdk/client-marketplace-metering'
import { describe, expect, test } from 'vitest'
import { classifyError } from '../../../src/aws/classify-error.ts'
import { failureTable } from '../../../src/aws/failure-table.ts'

const modelErrors = Object.entries(sdk)
  .filter(
    ([name, value]) =>
      typeof value === 'function' &&
      value.prototype instanceof sdk.MarketplaceMeteringServiceException &&
      name.endsWith('Exception'),
  )
  .map(([name]) => name)

/** What Node throws for a system call that failed. */
function systemError(code: string, syscall?: string, message = `${syscall} ${code}`): Error {
  return Object.assign(new Error(message), { code, ...(syscall === undefined ? {} : { syscall }) })
}

describe('the table', () => {
  test('the SDK knows the 19 errors that this was written for', () => {
    expect(modelErrors).toHaveLength(19)
  })

  test.each(modelErrors)('%s has a row', (name) => {
    expect(failureTable.has(name)).toBe(true)
  })

  test.each([...failureTable])('%s says what to do in whole sentences', (_name, row) => {
    expect(row.advice).toMatch(/^[A-Z{].+\.$/s)
  })

  test('only what passes by itself can be ambiguous', () => {
    const ambiguous = [...failureTable.values()].filter((row) => row.ambiguous)
    expect(new Set(ambiguous.map((row) => row.kind))).toEqual(new Set(['unavailable']))
  })
})

describe('errors without an answer', () => {
  test.each([
    ['ECONNREFUSED', 'connect'],
    ['EHOSTUNREACH', 'connect'],
    ['ENETUNREACH', 'connect'],
    ['EPERM', 'connect'],
    ['ENOTFOUND', 'getaddrinfo'],
    ['EAI_AGAIN', 'getaddrinfo'],
  ])('%s while in %s is not ambiguous', (code, syscall) => {
    expect(classifyError(systemError(code, syscall), 'MeterUsage')).toMatchObject({
      code,
      kind: 'unavailable',
      ambiguous: false,
    })
  })

  test.each([
    ['EHOSTUNREACH', 'read'],
    ['ENETUNREACH', 'write'],
    ['ENETDOWN', 'read'],
    ['ECONNREFUSED', 'read'],
    ['EHOSTDOWN', 'write'],
    ['EHOSTUNREACH', undefined],
  ])('%s in the phase %s may have come after the request went out', (code, syscall) => {
    expect(classifyError(systemError(code, syscall, 'gone'), 'MeterUsage')).toMatchObject({
      code,
      kind: 'unavailable',
      ambiguous: true,
    })
  })

  test.each(['CERT_HAS_EXPIRED', 'SELF_SIGNED_CERT_IN_CHAIN', 'ERR_TLS_CERT_ALTNAME_INVALID'])(
    '%s is not ambiguous and speaks of the certificate',
    (code) => {
      const failure = classifyError(systemError(code, undefined, 'bad'), 'MeterUsage')
      expect(failure).toMatchObject({ code, kind: 'unavailable', ambiguous: false })
      expect(failure.advice).toContain('certificate')
    },
  )

  test.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])(
    '%s on an open connection is ambiguous',
    (code) => {
      const error = Object.assign(systemError(code, 'read'), { name: 'TimeoutError' })
      expect(classifyError(error, 'MeterUsage')).toMatchObject({
        kind: 'unavailable',
        ambiguous: true,
      })
    },
  )

  test('a connect that timed out in the kernel is not ambiguous', () => {
    const error = Object.assign(systemError('ETIMEDOUT', 'connect'), { name: 'TimeoutError' })
    expect(classifyError(error, 'MeterUsage')).toMatchObject({
      code: 'ConnectTimeout',
      ambiguous: false,
    })
  })

  test('several addresses that all failed to connect are not ambiguous', () => {
    const error = Object.assign(
      new AggregateError([
        systemError('ECONNREFUSED', 'connect', 'connect ECONNREFUSED ::1:443'),
        systemError('ECONNREFUSED', 'connect', 'connect ECONNREFUSED 127.0.0.1:443'),
      ]),
      { code: 'ECONNREFUSED' },
    )
    expect(classifyError(error, 'MeterUsage')).toMatchObject({
      code: 'ECONNREFUSED',
      ambiguous: false,
      message: 'connect ECONNREFUSED ::1:443; connect ECONNREFUSED 127.0.0.1:443',
    })
  })

  test.each([undefined, null, 'text', 42, {}, new Error('what'), new TypeError('bug')])(
    '%s is transient and ambiguous',
    (thrown) => {
      expect(classifyError(thrown, 'MeterUsage')).toMatchObject({
        kind: 'unavailable',
        ambiguous: true,
      })
    },
  )
})

test.each([200, 302, 403, 407])('an answer of %i without a name is that of a proxy', (status) => {
  const error = Object.assign(new Error('The answer is not a JSON object: <html>'), {
    name: 'Unknown',
    $metadata: { httpStatusCode: status },
  })
  const failure = classifyError(error, 'MeterUsage')
  expect(failure).toMatchObject({ code: `Http${status}`, kind: 'unavailable', ambiguous: true })
  expect(failure.advice).toContain('what answers in AWS’s place')
})

describe('errors before the request went out', () => {
  test.each([...failureTable.keys()])('%s is not ambiguous', (name) => {
    const error = Object.assign(new Error('x'), { name })
    expect(classifyError(error, 'MeterUsage', { sent: false }).ambiguous).toBe(false)
  })

  test('an expired token of the model belongs to ResolveCustomer, of any other call to the role', () => {
    const error = Object.assign(new Error('x'), {
      name: 'ExpiredTokenException',
      $metadata: { httpStatusCode: 400 },
    })
    expect(classifyError(error, 'ResolveCustomer').kind).toBe('invalid')
    expect(classifyError(error, 'RegisterUsage').kind).toBe('credentials')
  })

  test.each([
    [403, 'x'],
    [400, 'The security token included in the request is expired'],
  ])(
    'ResolveCustomer with credentials that have expired says nothing of its token: %i, %s',
    (httpStatusCode, message) => {
      const error = Object.assign(new Error(message), {
        name: 'ExpiredTokenException',
        $metadata: { httpStatusCode },
      })
      expect(classifyError(error, 'ResolveCustomer')).toMatchObject({
        code: 'ExpiredToken',
        kind: 'credentials',
      })
    },
  )

  test('metadata that does not answer is a missing role', () => {
    const error = Object.assign(systemError('ECONNREFUSED', 'connect'), { name: 'ProviderError' })
    expect(classifyError(error, 'MeterUsage', { sent: false })).toMatchObject({
      code: 'ProviderError',
      kind: 'credentials',
    })
  })

  test('an STS that is not reached may be reached later', () => {
    const failure = classifyError(systemError('ENOTFOUND', 'getaddrinfo'), 'MeterUsage', {
      sent: false,
    })
    expect(failure).toMatchObject({ code: 'ENOTFOUND', kind: 'unavailable' })
    expect(failure.advice).toContain('STS')
  })
})
