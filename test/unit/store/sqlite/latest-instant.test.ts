import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hourMs } from '../../../../src/metering/hour.ts'
import { latestInstant } from '../../../../src/store/sqlite/file/commands/latest-instant.ts'
import { fastClockNote } from '../../../../src/store/summary.ts'
import { openBench, temporaryDirectory, unit } from '../../../support/ledger/ledger-bench.ts'
import { markSending } from '../../../support/ledger/one-record.ts'
import { sealHours } from '../../../support/ledger/seal-rules.ts'

test('the clock of a demo continues from the latest instant that its ledger knows of', async () => {
  const { ledger, clock, report, directory } = await openBench()
  await ledger.remember(fastClockNote, '1')
  expect(latestInstant(directory)).toBeUndefined()
  await report('requests', unit)
  expect(latestInstant(directory)).toBe(clock.now() - (clock.now() % hourMs))
  await clock.advance(hourMs)
  await sealHours(ledger, clock)
  expect(latestInstant(directory)).toBe(clock.now())
  await clock.advance(60_000)
  await markSending(ledger, 1)
  expect(latestInstant(directory)).toBe(clock.now())
})

test('the instants of any other ledger, of none, or of no ledger mean nothing', async () => {
  const { report, directory } = await openBench()
  await report('requests', unit)
  expect(latestInstant(directory)).toBeUndefined()
  const other = temporaryDirectory()
  expect(latestInstant(other)).toBeUndefined()
  writeFileSync(join(other, 'ledger.db'), 'this is no database')
  expect(latestInstant(other)).toBeUndefined()
})
