import { describe, expect, test } from 'vitest'
import { validateInput } from '../../../src/protocol/validate.ts'

const record = { ProductCode: 'code', Timestamp: 1_773_133_200, UsageDimension: 'requests' }

function failureOf(input: unknown): { name: string; message: string } {
  const outcome = validateInput('MeterUsage', input)
  if (outcome.ok) throw new Error('the input was accepted')
  return outcome.failure
}

describe('validating an input', () => {
  test('a good input passes, without nulls and without members that AWS does not know', () => {
    const outcome = validateInput('MeterUsage', { ...record, DryRun: null, Colour: 'red' })
    expect(outcome).toEqual({ ok: true, value: record })
  })

  test('a quantity above the largest is named as AWS names it', () => {
    expect(failureOf({ ...record, UsageQuantity: 2_147_483_648 })).toEqual({
      name: 'ValidationException',
      message:
        "1 validation error detected: Value '2147483648' at 'usageQuantity' failed to satisfy constraint: Member must have value less than or equal to 2147483647",
    })
  })

  test('the largest quantity and zero pass', () => {
    for (const UsageQuantity of [0, 2_147_483_647]) {
      expect(validateInput('MeterUsage', { ...record, UsageQuantity }).ok).toBe(true)
    }
  })

  test('a negative quantity is refused', () => {
    expect(failureOf({ ...record, UsageQuantity: -1 }).message).toContain(
      'Member must have value greater than or equal to 0',
    )
  })

  test('everything that is wrong is listed at once', () => {
    const { message } = failureOf({ UsageDimension: '', ClientToken: 'x'.repeat(65) })
    expect(message).toMatch(/^5 validation errors detected: /)
    expect(message).toContain(
      "Value null at 'productCode' failed to satisfy constraint: Member must not be null",
    )
    expect(message).toContain("Value null at 'timestamp'")
    expect(message).toContain("Value '' at 'usageDimension'")
    expect(message).toContain("at 'clientToken' failed to satisfy constraint: Member must have")
  })

  test('a product code with a space breaks its pattern', () => {
    expect(failureOf({ ...record, ProductCode: 'my code' }).message).toContain(
      'Member must satisfy regular expression pattern: ^[-a-zA-Z0-9/=:_.@]*$',
    )
  })

  test.each([
    ['a text for a number', { UsageQuantity: '5' }],
    ['a fraction', { UsageQuantity: 1.5 }],
    ['a number beyond all numbers', { UsageQuantity: Infinity }],
    ['a number for a text', { UsageDimension: 5 }],
    ['a text for a time', { Timestamp: '2026-03-10T09:00:00Z' }],
    ['a text for a boolean', { DryRun: 'true' }],
    ['an object for a list', { UsageAllocations: {} }],
    ['a null in a list', { UsageAllocations: [null] }],
  ])('%s is a SerializationException', (_what, wrong) => {
    expect(failureOf({ ...record, ...wrong }).name).toBe('SerializationException')
  })

  test.each([[[]], [null], ['text'], [5]])('%j is not a request', (input) => {
    expect(failureOf(input).name).toBe('SerializationException')
  })

  test('a time may have a fraction', () => {
    expect(validateInput('MeterUsage', { ...record, Timestamp: 1_773_133_200.25 }).ok).toBe(true)
  })

  test.each([
    ['a tag key with a character that AWS does not accept', [{ Key: 'a{b', Value: 'v' }]],
    ['a tag key of 101 characters', [{ Key: 'k'.repeat(101), Value: 'v' }]],
    ['a tag value of 257 characters', [{ Key: 'k', Value: 'v'.repeat(257) }]],
    ['an empty tag value', [{ Key: 'k', Value: '' }]],
    ['a sixth tag', Array.from({ length: 6 }, (_, i) => ({ Key: `k${i}`, Value: 'v' }))],
    ['an empty list of tags', []],
  ])('%s is an InvalidTagException', (_what, Tags) => {
    const UsageAllocations = [{ AllocatedUsageQuantity: 1, Tags }]
    expect(failureOf({ ...record, UsageAllocations }).name).toBe('InvalidTagException')
  })

  test('the path of a nested member counts from one', () => {
    const UsageAllocations = [
      { AllocatedUsageQuantity: 1 },
      { AllocatedUsageQuantity: 1, Tags: [{ Key: '{', Value: 'v' }] },
    ]
    expect(failureOf({ ...record, UsageAllocations }).message).toContain(
      "at 'usageAllocations.2.member.tags.1.member.key'",
    )
  })

  test('more than 2500 allocations are an InvalidUsageAllocationsException', () => {
    const UsageAllocations = Array.from({ length: 2501 }, () => ({ AllocatedUsageQuantity: 0 }))
    expect(failureOf({ ...record, UsageAllocations }).name).toBe('InvalidUsageAllocationsException')
  })

  test('a general error outweighs one of the tags', () => {
    const UsageAllocations = [{ AllocatedUsageQuantity: -1, Tags: [] }]
    const failure = failureOf({ ...record, UsageAllocations })
    expect(failure.name).toBe('ValidationException')
    expect(failure.message).toMatch(/^1 validation error detected/)
  })

  test('a batch of 26 records is refused', () => {
    const UsageRecords = Array.from({ length: 26 }, () => ({ Timestamp: 1, Dimension: 'd' }))
    const outcome = validateInput('BatchMeterUsage', { UsageRecords })
    expect(outcome).toMatchObject({ ok: false, failure: { name: 'ValidationException' } })
  })

  test('a public key version starts at 1, and a nonce ends at 255 characters', () => {
    const good = { ProductCode: 'code', PublicKeyVersion: 1, Nonce: 'n'.repeat(255) }
    expect(validateInput('RegisterUsage', good).ok).toBe(true)
    expect(validateInput('RegisterUsage', { ...good, PublicKeyVersion: 0 }).ok).toBe(false)
    expect(validateInput('RegisterUsage', { ...good, Nonce: 'n'.repeat(256) }).ok).toBe(false)
  })

  test('members that objects inherit do not count as given', () => {
    const outcome = validateInput('ResolveCustomer', Object.create({ RegistrationToken: 'token' }))
    expect(outcome.ok).toBe(false)
  })
})
