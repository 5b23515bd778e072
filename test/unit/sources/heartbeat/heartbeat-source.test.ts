import { expect, test } from 'vitest'
import { problemOfError } from '../../../../src/http/listener/problem-of-error.ts'
import { createServerBase } from '../../../../src/http/listener/server.ts'
import { Events } from '../../../../src/kernel/events.ts'
import type { Aggregate } from '../../../../src/metering/account.ts'
import { hourMs } from '../../../../src/metering/hour.ts'
import { heartbeatSource } from '../../../../src/sources/heartbeat/heartbeat-source.ts'
import { openBench, unit } from '../../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../../support/ledger/seal-rules.ts'
import { idleSourceContext } from '../../../support/sidecar/idle-source-context.ts'
import { createSilentLog } from '../../../support/silent-log.ts'

const notHere = () => Promise.reject(new Error('no part of this test'))

/** A task or pod that counts as 3600, so that each second of it is one unit-hour. */
async function begin(aggregate: Aggregate, staleAfterSeconds?: number) {
  const staleAfterMs = staleAfterSeconds === undefined ? undefined : staleAfterSeconds * 1000
  const { ledger, clock } = await openBench({
    meaningOf: () => ({ productCode: 'product', divisor: 1n, aggregate, staleAfterMs }),
    readings: { maxReadings: 10_000, newSecret: () => 'secret' },
  })
  const state = { entitled: false, beats: 0 }
  const limits = { bodyLimitBytes: 65_536, maxConnections: 16, requestTimeoutMs: 10_000 }
  const from = { prometheus: undefined, otlp: undefined, heartbeat: { value: 3600n * unit } }
  const source = heartbeatSource.start({
    ...idleSourceContext,
    app: createServerBase(limits, new Events(), createSilentLog()),
    postJson: () => {},
    book: {
      report: (request) => ledger.report(request),
      countPage: notHere,
      countStreams: notHere,
    },
    productCode: 'product',
    dimensions: [
      { name: 'nodes', unit: undefined, divisor: 1n, aggregate, from, staleAfterSeconds },
    ],
    region: 'eu-west-1',
    log: createSilentLog(),
    refused: () => {},
    explain: problemOfError,
    referenceOf: () => '',
    meterUsageCalls: 'add',
    repeated: () => {},
    aws: { forward: notHere, prove: notHere },
    clock,
    timers: clock,
    entitled: () => state.entitled,
    noteRead: () => {
      state.beats += 1
    },
  })
  return {
    state,
    clock,
    /** Seconds that were billed when the task or pod had ended and its hour was over. */
    billed: async () => {
      await source[Symbol.asyncDispose]()
      await clock.advance(hourMs)
      await sealHours(ledger, clock)
      const [balance] = await ledger.audit()
      return Number((balance?.reported ?? 0n) / unit)
    },
  }
}

test('time counts from the second on in which AWS says yes, to that in which it says no', async () => {
  const { state, clock, billed } = await begin('integral')
  await clock.advance(95_500)
  state.entitled = true
  await clock.advance(600_000)
  state.entitled = false
  await clock.advance(120_000)
  // Of 95.5 s to 695.5 s, both noticed half a second later.
  expect(await billed()).toBe(600)
})

test('a task or pod that runs for a second after AWS said yes counts for its hour', async () => {
  const { state, clock, billed } = await begin('max')
  await clock.advance(2500)
  state.entitled = true
  await clock.advance(1000)
  expect(await billed()).toBe(3600)
})

test('nothing is billed where AWS never says yes', async () => {
  const { clock, billed } = await begin('integral')
  await clock.advance(600_000)
  expect(await billed()).toBe(0)
})

test('no beat is written between two but where something changed', async () => {
  const { state, clock, billed } = await begin('integral')
  state.entitled = true
  await clock.advance(300_500)
  await billed()
  // The first, the yes a second later, and nine more.
  expect(state.beats).toBe(11)
})

test('time is counted whole where a value stands for less than the pause of the beats', async () => {
  const { state, clock, billed } = await begin('integral', 10)
  state.entitled = true
  await clock.advance(301_000)
  // From 1 s on, and for the ten seconds that the last beat stands.
  expect(await billed()).toBeGreaterThanOrEqual(300)
})
