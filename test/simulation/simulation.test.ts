import { describe, expect, test } from 'vitest'
import { runLife, type Script } from './run-life.ts'
import { simulate } from './simulate.ts'

const fresh = Math.floor(Math.random() * 2 ** 31)

/** Scripts that failed once. They stay. */
const keptScripts: readonly { readonly name: string; readonly script: Script }[] = []

/** A life in which little is sent takes longest. */
const timeout = 120_000

describe('whatever happens around a sidecar', { timeout }, () => {
  test.each([
    ['seed 1', 1],
    ['seed 1000', 1000],
    [`the fresh seed ${fresh}`, fresh],
  ])('every acknowledged unit is billed once or lies in a place: %s', async (_, seed) => {
    const { hours, failure } = await simulate({ seed, hours: 1000 })
    expect(failure && { seed: failure.seed, broken: failure.violation.message }).toBeUndefined()
    expect(hours).toBeGreaterThanOrEqual(1000)
  })

  test('every kind of fault and of outcome occurs', async () => {
    const { coverage } = await simulate({ seed: 1, hours: 6000 })
    expect([...coverage.counts.keys()]).toEqual(
      expect.arrayContaining([
        'acknowledged request repeated',
        'answer duplicate',
        'answer misconfigured',
        'answer ok',
        'answer out-of-window',
        'answer throttled',
        'answer unavailable',
        'book adopted',
        'left at the end: a fraction',
        'left at the end: refused',
        'left at the end: unresolved',
        'left at the end: usage of an hour that is closed',
        'operator: resolve as delivered',
        'operator: resolve with resend',
        'operator: retry',
        'report accepted, late',
        'report duplicate',
        'start failed: LedgerBusy',
        'start failed: LedgerFull',
        'the ledger failed',
        'too many tag sets',
      ]),
    )
  })
})

describe('the simulation', { timeout }, () => {
  test('plays the same hours again on the same seed', async () => {
    const [one, two] = [
      await simulate({ seed: 7, hours: 300 }),
      await simulate({ seed: 7, hours: 300 }),
    ]
    expect(two).toEqual(one)
  })

  test('finds a store that trusts pages which a failed flush marked as clean', async () => {
    const { failure } = await simulate({ seed: 1, hours: 20_000, rewritesOnOpen: false })
    expect(failure?.violation.what).toBe('lost')
  })

  test.each(keptScripts)('finds nothing in $name', async ({ script }) => {
    expect((await runLife(script)).violation).toBeUndefined()
  })
})
