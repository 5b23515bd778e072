import { describe, expect, test } from 'vitest'
import {
  encodeFailure,
  isProtocolContentType,
  parseBody,
  parseCredentialScope,
  parseTarget,
  toInstant,
} from '../../../src/protocol/codec.ts'

const authorization =
  'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260310/eu-west-1/aws-marketplace/aws4_request, ' +
  'SignedHeaders=host;x-amz-date, Signature=0123abcd'

describe('the wire', () => {
  test('a target names an operation', () => {
    expect(parseTarget('AWSMPMeteringService.MeterUsage')).toEqual({
      ok: true,
      value: 'MeterUsage',
    })
  })

  test.each([
    undefined,
    '',
    'MeterUsage',
    'AWSMPMeteringService.Meter',
    'AWSMPMeteringService.',
    'AWSMPEntitlementService.MeterUsage',
  ])('the target %j is an UnknownOperationException', (target) => {
    expect(parseTarget(target)).toMatchObject({
      failure: { name: 'UnknownOperationException' },
    })
  })

  test('a content type may have parameters', () => {
    expect(isProtocolContentType('application/x-amz-json-1.1')).toBe(true)
    expect(isProtocolContentType('Application/X-Amz-JSON-1.1; charset=utf-8')).toBe(true)
    expect(isProtocolContentType('application/json')).toBe(false)
    expect(isProtocolContentType(undefined)).toBe(false)
  })

  test('the credential scope says who signed and for which region', () => {
    expect(parseCredentialScope(authorization)).toEqual({
      ok: true,
      value: {
        accessKeyId: 'AKIDEXAMPLE',
        date: '20260310',
        region: 'eu-west-1',
        service: 'aws-marketplace',
      },
    })
  })

  test.each([
    ['nothing', undefined, 'MissingAuthenticationTokenException'],
    ['an empty header', '', 'MissingAuthenticationTokenException'],
    ['another scheme', 'Bearer secret', 'IncompleteSignatureException'],
    ['no credential', 'AWS4-HMAC-SHA256 Signature=00', 'IncompleteSignatureException'],
    ['a short scope', authorization.replace('/eu-west-1', ''), 'IncompleteSignatureException'],
    ['no region', authorization.replace('eu-west-1', ''), 'IncompleteSignatureException'],
    ['a strange date', authorization.replace('20260310', 'today'), 'IncompleteSignatureException'],
    [
      'another service',
      authorization.replace('aws-marketplace', 's3'),
      'InvalidSignatureException',
    ],
  ])('%s is refused', (_what, header, name) => {
    expect(parseCredentialScope(header)).toMatchObject({ ok: false, failure: { name } })
  })

  test('an empty body is an empty object, and a broken one a SerializationException', () => {
    expect(parseBody('')).toEqual({ ok: true, value: {} })
    expect(parseBody('{"a":')).toMatchObject({ failure: { name: 'SerializationException' } })
  })

  test('a failure is a type and a message', () => {
    const { status, body } = encodeFailure({
      name: 'IdempotencyConflictException',
      message: 'no "way"',
    })
    expect(status).toBe(409)
    expect(JSON.parse(body)).toEqual({
      __type: 'IdempotencyConflictException',
      message: 'no "way"',
    })
  })

  test('epoch seconds may have a fraction', () => {
    expect(toInstant(1_773_133_200)).toBe(1_773_133_200_000)
    expect(toInstant(1_773_133_200.123)).toBe(1_773_133_200_123)
  })

  test('epoch seconds of no calendar become an instant that has a date', () => {
    expect(new Date(toInstant(1e300)).toISOString()).toBe('+275760-09-13T00:00:00.000Z')
    expect(new Date(toInstant(-1e300)).toISOString()).toBe('-271821-04-20T00:00:00.000Z')
  })
})
