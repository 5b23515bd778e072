import { beforeEach, describe, expect, test } from 'vitest'
import {
  Entitlement,
  type EntitlementSnapshot,
} from '../../../src/entitlement/entitlement-state.ts'
import { Events, type SidecarEvents } from '../../../src/kernel/events.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'

let clock: ManualClock
let timers: ManualClock
let changes: SidecarEvents['entitlementChanged'][]
let recorded: ReturnType<typeof createRecordedLog>
let entitlement: Entitlement

function create(recordsProve = false): Entitlement {
  const events = new Events()
  events.on('entitlementChanged', (event) => changes.push(event))
  return new Entitlement({ clock, timers, events, log: recorded.log, recordsProve })
}

beforeEach(() => {
  clock = new ManualClock('2026-03-10T09:15:00Z')
  timers = new ManualClock()
  changes = []
  recorded = createRecordedLog()
  entitlement = create()
})

test('the last five changes are remembered, however long it runs', () => {
  for (let count = 0; count < 4; count += 1) {
    entitlement.prove()
    entitlement.deny('CustomerNotEntitledException', 'no')
  }
  const { transitions } = entitlement.snapshot()
  expect(transitions).toHaveLength(5)
  expect(transitions.at(-1)).toMatchObject({ from: 'entitled', to: 'denied' })
})

test('nothing is known at the start', () => {
  expect(entitlement.known()).toBe(false)
  expect(entitlement.snapshot()).toMatchObject({
    state: 'starting',
    entitled: false,
    code: 'Starting',
    since: Date.parse('2026-03-10T09:15:00Z'),
    retryAfterSeconds: 1,
  })
  expect(changes).toEqual([])
})

describe('changes', () => {
  test('a proof makes entitled, with the time since when', () => {
    clock.step(5_000)
    entitlement.prove()
    expect(entitlement.known()).toBe(true)
    expect(entitlement.snapshot()).toMatchObject({
      state: 'entitled',
      entitled: true,
      code: 'Entitled',
      since: Date.parse('2026-03-10T09:15:05Z'),
      retryAfterSeconds: undefined,
    })
  })

  test('each change is emitted and logged once', () => {
    entitlement.reportUndecided({ code: 'ThrottlingException', message: 'busy' }, 1)
    entitlement.reportUndecided({ code: 'ThrottlingException', message: 'busy' }, 2)
    entitlement.prove()
    entitlement.prove()
    entitlement.confirm()
    expect(changes.map(({ from, to, code }) => [from, to, code])).toEqual([
      ['starting', 'unreachable', 'ThrottlingException'],
      ['unreachable', 'entitled', 'Entitled'],
    ])
    expect(recorded.lines.map(({ level, event }) => `${level} ${event}`)).toEqual([
      'warn entitlement.unreachable',
      'info entitlement.entitled',
    ])
  })

  test('a new reason for being unreachable is shown without a change of state', () => {
    const heard: EntitlementSnapshot[] = []
    entitlement.onChange((snapshot) => heard.push(snapshot))
    entitlement.reportUndecided({ code: 'ThrottlingException', message: 'busy' }, 1)
    clock.step(1_000)
    entitlement.reportUndecided({ code: 'ECONNREFUSED', message: 'closed' }, 4)
    expect(heard.map((each) => each.code)).toEqual(['ThrottlingException', 'ECONNREFUSED'])
    expect(entitlement.snapshot()).toMatchObject({
      state: 'unreachable',
      since: Date.parse('2026-03-10T09:15:00Z'),
      retryAfterSeconds: 4,
    })
    expect(changes).toHaveLength(1)
  })

  test('the next try is no further away where the clock is set back', async () => {
    entitlement.reportUndecided({ code: 'ECONNREFUSED', message: 'closed' }, 4)
    timers.step(-3_600_000)
    expect(entitlement.snapshot().retryAfterSeconds).toBe(4)
    await timers.advance(3000)
    expect(entitlement.snapshot().retryAfterSeconds).toBe(1)
  })

  test('a listener that has left hears nothing', () => {
    const heard: EntitlementSnapshot[] = []
    const leave = entitlement.onChange((snapshot) => heard.push(snapshot))
    leave()
    entitlement.prove()
    expect(heard).toEqual([])
  })

  test('what is known stays when AWS cannot be reached', () => {
    entitlement.prove()
    entitlement.reportUndecided({ code: 'ECONNREFUSED', message: 'closed' }, 4)
    expect(entitlement.snapshot().state).toBe('entitled')
    const denied = create()
    denied.refuse('TokenMalformed', 'no')
    denied.reportUndecided({ code: 'ECONNREFUSED', message: 'closed' }, 4)
    expect(denied.snapshot().code).toBe('TokenMalformed')
  })
})

describe('records', () => {
  test('a record that AWS refuses for the buyer denies, and an accepted one confirms again', () => {
    entitlement.prove()
    entitlement.deny('CustomerNotEntitledException', 'Subscribe.')
    expect(entitlement.snapshot()).toMatchObject({
      state: 'denied',
      entitled: false,
      code: 'CustomerNotEntitledException',
      message: 'Subscribe.',
      retryAfterSeconds: undefined,
    })
    entitlement.confirm()
    expect(entitlement.snapshot().state).toBe('entitled')
  })

  test('nothing makes a refused proof good', () => {
    entitlement.refuse('TokenNonceMismatch', 'no')
    entitlement.confirm()
    entitlement.prove()
    entitlement.deny('CustomerNotEntitledException', 'Subscribe.')
    expect(entitlement.snapshot()).toMatchObject({ state: 'denied', code: 'TokenNonceMismatch' })
    expect(changes).toHaveLength(1)
  })

  test('an accepted record does not stand in for a registration', () => {
    entitlement.confirm()
    expect(entitlement.snapshot().state).toBe('starting')
    entitlement.deny('CustomerNotEntitledException', 'Subscribe.')
    entitlement.confirm()
    expect(entitlement.snapshot().state).toBe('denied')
  })

  test('an accepted record proves as much as a dry run', () => {
    const metered = create(true)
    metered.reportUndecided({ code: 'ECONNREFUSED', message: 'closed' }, 4)
    metered.confirm()
    expect(metered.snapshot().state).toBe('entitled')
  })

  test('a dry run that is refused after an accepted record denies until the next one', () => {
    const metered = create(true)
    metered.confirm()
    metered.refuse('CustomerNotEntitledException', 'Subscribe.')
    expect(metered.snapshot().state).toBe('denied')
    metered.confirm()
    expect(metered.snapshot().state).toBe('entitled')
  })
})

describe('waiting', () => {
  async function outcome(waiting: Promise<EntitlementSnapshot>): Promise<string> {
    let state = 'waiting'
    const listen = async () => {
      state = (await waiting).state
    }
    await Promise.race([listen(), settle()])
    return state
  }

  test('ends at once when the answer is known', async () => {
    entitlement.prove()
    expect((await entitlement.wait(30_000)).state).toBe('entitled')
    expect(timers.waiting).toBe(0)
  })

  test('ends at once when there is nothing to wait for', async () => {
    expect((await entitlement.wait(0)).state).toBe('starting')
    expect((await entitlement.wait(1_000, AbortSignal.abort())).state).toBe('starting')
  })

  test('goes on while AWS is unreachable and ends with the answer', async () => {
    const waiting = entitlement.wait(30_000)
    entitlement.reportUndecided({ code: 'ECONNREFUSED', message: 'closed' }, 4)
    expect(await outcome(waiting)).toBe('waiting')
    entitlement.refuse('InvalidRegionException', 'no')
    expect(await outcome(waiting)).toBe('denied')
    expect(timers.waiting).toBe(0)
  })

  test('ends after its time on the real clock', async () => {
    const waiting = entitlement.wait(30_000)
    await clock.advance(3_600_000)
    await timers.advance(29_999)
    expect(await outcome(waiting)).toBe('waiting')
    await timers.advance(1)
    expect(await outcome(waiting)).toBe('starting')
  })

  test('is no longer where the clock is set back meanwhile', async () => {
    const waiting = entitlement.wait(30_000)
    timers.step(-3_600_000)
    await timers.advance(30_000)
    expect(await outcome(waiting)).toBe('starting')
  })

  test('ends when the asker leaves, and leaves nothing behind', async () => {
    const asker = new AbortController()
    const waiting = entitlement.wait(30_000, asker.signal)
    asker.abort()
    expect(await outcome(waiting)).toBe('starting')
    expect(timers.waiting).toBe(0)
  })
})
