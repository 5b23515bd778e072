import { describe, expect, test } from 'vitest'
import {
  errorStatus,
  isServiceErrorName,
  otherSpelling,
} from '../../../src/protocol/service-errors.ts'

describe('errors of the service', () => {
  test('throttling is HTTP 400', () => {
    expect(errorStatus('ThrottlingException')).toBe(400)
  })

  test('an internal error is HTTP 500 and a token conflict HTTP 409', () => {
    expect(errorStatus('InternalServiceErrorException')).toBe(500)
    expect(errorStatus('IdempotencyConflictException')).toBe(409)
  })

  test('names outside the model are known, made-up ones are not', () => {
    expect(isServiceErrorName('AccessDeniedException')).toBe(true)
    expect(isServiceErrorName('NoSuchException')).toBe(false)
    expect(isServiceErrorName('toString')).toBe(false)
  })

  test('a name is known with Exception at the end and without, and each may have its own status', () => {
    expect(otherSpelling('OptInRequired')).toBe('OptInRequiredException')
    expect(isServiceErrorName('OptInRequiredException')).toBe(true)
    expect(errorStatus('OptInRequiredException')).toBe(403)
    expect(errorStatus('MissingAuthenticationToken')).toBe(403)
    expect(errorStatus('MissingAuthenticationTokenException')).toBe(400)
  })
})
