import { expect, test } from 'vitest'
import { Events } from '../../../src/kernel/events.ts'
import { startDecisions } from '../../../src/sidecar/parts/decisions-part.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { createSilentLog } from '../../support/silent-log.ts'

const decision = (number: number) => ({
  number,
  at: 0,
  action: 'void',
  id: null,
  dimension: 'requests',
  hour: null,
  quantity: '1.5',
  reason: 'x',
})

function create() {
  const notes = new Map<string, string>()
  const told: number[] = []
  const timers = new ManualClock()
  const events = new Events()
  events.on('decisionMade', (made) => told.push((made as ReturnType<typeof decision>).number))
  const ledger = {
    recall: async (name: string) => notes.get(name),
    remember: async (name: string, value: string) => void notes.set(name, value),
  }
  const decide = (...numbers: number[]) =>
    notes.set('operator.decisions', JSON.stringify(numbers.map(decision)))
  const start = () => startDecisions({ timers, events, log: createSilentLog() }, ledger)
  return { timers, told, decide, start }
}

test('a decision is told once, also over a restart', async () => {
  const { timers, told, decide, start } = create()
  decide(1, 2)
  const first = start()
  await timers.advance(1)
  expect(told).toEqual([1, 2])
  decide(1, 2, 3)
  await timers.advance(60_000)
  expect(told).toEqual([1, 2, 3])
  await first[Symbol.asyncDispose]()
  expect(timers.waiting).toBe(0)
  decide(2, 3, 4)
  const second = start()
  await timers.advance(1)
  expect(told).toEqual([1, 2, 3, 4])
  await second[Symbol.asyncDispose]()
})
