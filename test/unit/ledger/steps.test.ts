import { expect, test } from 'vitest'
import { clientTokenOf } from '../../../src/channels/client-token.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { untagged } from '../../../src/metering/tags.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'

test('each command says how far it has come: written, committed, flushed', async () => {
  const { ledger, clock, report, events } = await openBench({
    readings: { maxReadings: 5, newSecret: () => '' },
  })
  const steps: string[] = []
  events.on('stepReached', ({ step }) => void steps.push(step))
  const done = () => steps.splice(0).join(' ')
  const counters = {
    source: 'page',
    readAt: clock.now(),
    startedAt: undefined,
    isSteady: true,
    follows: new Map([['requests', 'all']]),
    counters: [],
  }

  await report('requests', unit)
  expect(done()).toBe('report-written group-committed group-flushed')
  await ledger.countPage(counters)
  expect(done()).toBe('report-written group-committed group-flushed')
  await clock.advance(hourMs)
  await sealHours(ledger, clock)
  expect(done()).toBe('seal-written group-committed group-flushed')
  await markSending(ledger, 1)
  expect(done()).toBe('mark-written group-committed group-flushed')
  await settle(ledger, 1, { kind: 'not-taken', code: 'C', message: '' })
  expect(done()).toBe('settle-written group-committed group-flushed')
  await ledger.resealRecord(1, clientTokenOf)
  expect(done()).toBe('settle-written group-committed group-flushed')
  await ledger.remember('note', 'value')
  expect(done()).toBe('group-committed group-flushed')
})

test('what counters gave is emitted', async () => {
  const { ledger, clock, events } = await openBench({
    readings: { maxReadings: 5, newSecret: () => '' },
  })
  const told: unknown[] = []
  events.on('countersRead', (event) => void told.push(event))
  const startedAt = clock.now()
  const counted = await ledger.countPage({
    source: 'page',
    readAt: clock.now(),
    startedAt,
    isSteady: true,
    follows: new Map([['requests', 'all']]),
    counters: [
      {
        dimension: 'requests',
        series: 'a',
        tags: untagged,
        value: 5n * unit,
        startedAt,
        firstValue: 'count',
      },
    ],
  })
  expect(told).toEqual([{ counted }])
  expect(counted).toEqual([
    { dimension: 'requests', series: 'a', outcome: 'counted', rise: 5n * unit },
  ])
})
