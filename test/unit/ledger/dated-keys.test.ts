import { describe, expect, test } from 'vitest'
import { hourMs } from '../../../src/metering/hour.ts'
import { openBench, unit, type LedgerBench } from '../../support/ledger/ledger-bench.ts'

const key = { idempotencyKey: 'a' }

async function isKept({ report }: LedgerBench): Promise<boolean> {
  const { result } = await report('requests', unit, key)
  return result === 'duplicate'
}

async function again({ directory, clock, ledger }: LedgerBench, resource?: string) {
  await ledger.close()
  return openBench({ directory, clock, ...(resource !== undefined && { resource }) })
}

describe('an idempotency key that was stored by a clock 200 minutes behind', () => {
  async function storedBehind() {
    const bench = await openBench()
    await bench.report('requests', unit, key)
    bench.clock.step(200 * 60_000)
    return bench
  }

  test('is kept where the process knows of the step', async () => {
    const bench = await storedBehind()
    await bench.ledger.prune(25 * hourMs)
    await bench.clock.advance(23 * hourMs)
    await bench.ledger.prune()
    expect(await isKept(bench)).toBe(true)
  })

  test('is kept by a later start, though older keys were in doubt before', async () => {
    const bench = await openBench()
    await bench.ledger.prune(20 * hourMs)
    await bench.report('requests', unit, key)
    bench.clock.step(200 * 60_000)
    await bench.ledger.prune(25 * hourMs)
    const next = await again(bench)
    await next.clock.advance(23 * hourMs)
    await next.ledger.prune()
    expect(await isKept(next)).toBe(true)
  })

  test.each(['the same task or pod', 'another one'])(
    'is kept by a later start of %s that cannot know of it',
    async (who) => {
      const before = await storedBehind()
      const bench = await again(before, who === 'another one' ? 'pod:new' : undefined)
      await bench.clock.advance(22 * hourMs)
      await bench.ledger.prune()
      const third = await again(bench)
      await third.clock.advance(hourMs)
      await third.ledger.prune()
      expect(await isKept(third)).toBe(true)
    },
  )
})

test('an idempotency key is forgotten after 25 hours where its process has learnt the time of AWS', async () => {
  const bench = await openBench()
  await bench.report('requests', unit, key)
  await bench.ledger.prune()
  const next = await again(bench)
  await next.clock.advance(26 * hourMs)
  await next.ledger.prune()
  expect(await isKept(next)).toBe(false)
})
