import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseUsage } from '../../../src/sources/json/parse-usage.ts'
import { SidecarError } from '../../../src/kernel/errors.ts'

const dimensions = new Map<string, { readonly aggregate?: 'unique' }>([
  ['requests', {}],
  ['storage', {}],
  ['users', { aggregate: 'unique' }],
])
const parse = (body: unknown, key?: unknown) => parseUsage(body, key, dimensions)

function refusal(body: unknown, key?: unknown): SidecarError {
  try {
    parse(body, key)
  } catch (error) {
    if (error instanceof SidecarError) return error
    throw error
  }
  throw new Error('it was taken')
}

describe('the body of POST /v1/usage', () => {
  test('becomes a report in micro-units', () => {
    expect(parse({ dimension: 'requests', quantity: '1.25' })).toEqual({
      isBatch: false,
      request: {
        idempotencyKey: undefined,
        reports: [
          {
            dimension: 'requests',
            quantity: 1_250_000n,
            occurredAt: undefined,
            tags: '',
            idempotencyKey: undefined,
          },
        ],
      },
    })
  })

  test.each([
    ['quanity', 'The member "quanity" is unknown; did you mean "quantity"? A report'],
    ['price', 'The member "price" is unknown. A report'],
  ])('names the member that was probably meant by %s', (name, words) => {
    expect(refusal({ dimension: 'requests', [name]: 3 }).message).toContain(words)
  })

  test('is not repeated whole where a member has a name as long as the body', () => {
    const { message } = refusal({ dimension: 'requests', ['x'.repeat(100_000)]: 3 })
    expect(message.length).toBeLessThan(400)
  })

  test('has occurredAt in any zone', () => {
    const parsed = parse({
      dimension: 'requests',
      quantity: 1,
      occurredAt: '2026-03-10T09:15:00+09:00',
    })
    expect(parsed.request.reports[0]?.occurredAt).toBe(Date.UTC(2026, 2, 10, 0, 15))
  })

  test('has the same tag set for tags in any order', () => {
    const tagsOf = (tags: object) =>
      parse({ dimension: 'requests', quantity: 1, tags }).request.reports[0]?.tags
    expect(tagsOf({ a: '1', b: '2' })).toBe(tagsOf({ b: '2', a: '1' }))
    expect(tagsOf({})).toBe('')
  })

  test('with a list of reports is a batch, of one too', () => {
    const { isBatch, request } = parse({ reports: [{ dimension: 'storage', quantity: 0 }] }, 'key')
    expect(isBatch).toBe(true)
    expect(request).toMatchObject({ idempotencyKey: 'key', reports: [{ quantity: 0n }] })
  })

  test('that is refused names the allowed form', () => {
    expect(refusal({ dimension: 'seats', quantity: 1 }).message).toContain('requests, storage')
    expect(refusal({ dimension: 'requests' }).message).toContain(
      '{"dimension": "requests", "quantity": 3}',
    )
    expect(refusal({ reports: [] }).message).toContain('1 to 1000')
  })

  test('names the first wrong report of a batch', () => {
    const good = { dimension: 'requests', quantity: 1 }
    const { code, index } = refusal({ reports: [good, good, { ...good, quantity: -1 }, {}] })
    expect({ code, index }).toEqual({ code: 'QuantityNegative', index: 2 })
  })

  const whatever = fc.record(
    {
      dimension: fc.oneof(fc.constantFrom('requests', 'storage'), fc.anything()),
      quantity: fc.oneof(fc.nat(), fc.anything()),
      occurredAt: fc.anything(),
      tags: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.anything()),
      idempotencyKey: fc.anything(),
    },
    { requiredKeys: [] },
  )
  const bodies = fc.oneof(
    whatever,
    fc.record({ reports: fc.oneof(fc.array(whatever), fc.anything()) }),
    fc.anything(),
  )

  test('is taken or refused with a code, whatever it is', () => {
    const isSound = (body: unknown, key: unknown): boolean => {
      try {
        const { reports } = parse(body, key).request
        return reports.every(
          ({ quantity, dimension }) => quantity >= 0n && dimensions.has(dimension),
        )
      } catch (error) {
        return error instanceof SidecarError
      }
    }
    const check = fc.property(bodies, fc.option(fc.string(), { nil: undefined }), isSound)
    expect(() => fc.assert(check, { numRuns: 500 })).not.toThrow()
  })
})

describe('distinct members', () => {
  test('a report has a member in place of a quantity', () => {
    expect(parse({ dimension: 'users', member: 'ada' }).request.reports).toMatchObject([
      { dimension: 'users', member: 'ada' },
    ])
  })

  test.each([
    ['no member', { dimension: 'users' }],
    ['a quantity', { dimension: 'users', quantity: 1 }],
    ['both', { dimension: 'users', quantity: 1, member: 'ada' }],
    ['an empty member', { dimension: 'users', member: '' }],
    ['a long member', { dimension: 'users', member: 'a'.repeat(257) }],
    ['half a character', { dimension: 'users', member: '\ud83d' }],
    ['a member that is a number', { dimension: 'users', member: 7 }],
    ['a member of another dimension', { dimension: 'requests', quantity: 1, member: 'ada' }],
  ])('%s is refused', (_, body) => {
    expect(refusal(body)).toMatchObject({ code: 'InvalidRequest' })
  })
})
