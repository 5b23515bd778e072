import { describe, expect, test } from 'vitest'
import { simulateShared } from './shared-life.ts'

const fresh = Math.floor(Math.random() * 2 ** 31)

describe('whatever happens around sidecars that share a database', { timeout: 120_000 }, () => {
  test('every acknowledged unit is billed once or lies in a place, and every kind of fault occurs', async () => {
    const { coverage, failure } = await simulateShared({ seed: 12001, hours: 250 })
    expect(failure && { seed: failure.seed, broken: failure.violation.message }).toBeUndefined()
    expect([...coverage.counts.keys()]).toEqual(
      expect.arrayContaining([
        'acknowledged request repeated',
        'another process acts for the same task or pod',
        'answer ok',
        'answer unavailable',
        'death at send-started',
        'event away',
        'event cut',
        'lease regained',
        'operator: resolve as delivered',
        'operator: resolve with resend',
        'paused at send-started',
        'reading accepted',
        'report accepted',
        'report duplicate',
        'report ended DatabaseOutcomeUnknown',
        'usage taken over',
      ]),
    )
  })

  test('so it is with customers, who register and leave at any of them', async () => {
    const { coverage, failure } = await simulateShared({ seed: 3001, hours: 80, customers: true })
    expect(failure && { seed: failure.seed, broken: failure.violation.message }).toBeUndefined()
    expect([...coverage.counts.keys()]).toEqual(
      expect.arrayContaining([
        'answer ok',
        'customer: register',
        'customer: end-licence',
        'death at send-started',
        'event cut',
        'paused at send-started',
        'record taken over as it is',
        'usage taken over',
      ]),
    )
  })

  test(`so it is with the fresh seed ${fresh}`, { timeout: 120_000 }, async () => {
    for (const customers of [false, true]) {
      const { failure } = await simulateShared({ seed: fresh, hours: 30, customers })
      expect(failure && { seed: failure.seed, broken: failure.violation.message }).toBeUndefined()
    }
  })

  test('a store that takes each lost commit for one that did not happen is caught', async () => {
    const { failure } = await simulateShared({ seed: 1, hours: 1000, neverAsks: true })
    expect(failure?.violation.what).toBe('counted-twice')
  })
})
