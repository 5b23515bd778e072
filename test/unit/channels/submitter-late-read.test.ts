import { expect, test, vi } from 'vitest'
import { hourMs } from '../../../src/metering/hour.ts'
import { createSubmitterBench } from '../../support/ledger/submitter-bench.ts'
import { reportOf, unit } from '../../support/ledger/ledger-bench.ts'

const ten = Date.parse('2026-03-10T10:00:00Z')
const eleven = ten + hourMs

type Bench = Awaited<ReturnType<typeof createSubmitterBench>>

test.each([
  ['an hour ends', (bench: Bench) => bench.submitter.tick()],
  ['the sidecar ends', (bench: Bench) => bench.submitter.flush(true)],
])(
  'usage of an hour that began while the book was read, because %s, is not ahead of its time',
  async (_, seal) => {
    const bench = await createSubmitterBench({ awsTime: { isKnown: true, doubtfulForMs: 0 } })
    const { clock, ledger } = bench
    await clock.advance(ten + 50 * 60_000 - clock.now())
    const hasOpenBefore = ledger.hasOpenBefore.bind(ledger)
    let isSlow = true
    vi.spyOn(ledger, 'hasOpenBefore').mockImplementation(async (...due) => {
      const answer = await hasOpenBefore(...due)
      if (isSlow) {
        isSlow = false
        await clock.advance(20 * 60_000)
        await ledger.report({ reports: [reportOf('requests', unit)], idempotencyKey: undefined })
      }
      return answer
    })
    await seal(bench)
    const { open } = await ledger.usage()
    const sealed = bench.told('recordSealed').map(({ hour }) => hour)
    expect([...open.map(({ hour }) => hour), ...sealed]).toEqual([eleven])
  },
)
