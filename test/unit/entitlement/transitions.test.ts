import { describe, expect, test } from 'vitest'
import { Entitlement } from '../../../src/entitlement/entitlement-state.ts'
import {
  entitlementEvents,
  phases,
  stateOf,
  transitions,
  type EntitlementEvent,
  type Phase,
} from '../../../src/entitlement/transitions.ts'
import { Events } from '../../../src/kernel/events.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { createSilentLog } from '../../support/silent-log.ts'

const outage = { code: 'failed', message: 'not now' }

/** What the sidecar does when an event happens. */
const acts: Readonly<
  Record<EntitlementEvent, (entitlement: Entitlement, clock: ManualClock) => unknown>
> = {
  proved: (entitlement) => entitlement.prove(),
  refused: (entitlement) => entitlement.refuse('refused', 'no'),
  failed: (entitlement) => entitlement.reportUndecided(outage, 1),
  deniedByIam: (entitlement) => entitlement.reportUndecided({ ...outage, byIam: true }, 1),
  failedInGrace: (entitlement, clock) => entitlement.reportUndecided(outage, 1, clock.now() + 1000),
  recordAccepted: (entitlement) => entitlement.confirm(),
  recordRefused: (entitlement) => entitlement.deny('record', 'no'),
}

/** How each phase comes about, on the route `metered`, whose records prove. */
const waysTo: Readonly<Record<Phase, readonly EntitlementEvent[]>> = {
  starting: [],
  unreachable: ['failed'],
  'denied-by-iam': ['deniedByIam'],
  grace: ['failedInGrace'],
  entitled: ['proved'],
  suspended: ['recordRefused'],
  refused: ['refused'],
}

const cases = phases.flatMap((phase) => entitlementEvents.map((event) => [phase, event] as const))

describe('the state machine', () => {
  test.each(cases)('from %s with %s does what the table says', async (phase, event) => {
    const clock = new ManualClock()
    const entitlement = new Entitlement({
      clock,
      timers: clock,
      events: new Events(),
      log: createSilentLog(),
      recordsProve: true,
    })
    for (const step of waysTo[phase]) await acts[step](entitlement, clock)
    expect(entitlement.snapshot().state).toBe(stateOf(phase))
    const heard: string[] = []
    entitlement.onChange(({ state }) => heard.push(state))

    await acts[event](entitlement, clock)
    const next = transitions[phase][event]
    expect(entitlement.snapshot().state).toBe(stateOf(next ?? phase))
    expect(heard).toEqual(next === undefined ? [] : [stateOf(next)])
    expect(entitlement.snapshot().entitled).toBe(
      ['entitled', 'grace'].includes(stateOf(next ?? phase)),
    )
  })

  test('leads out of every phase but the final one, and into every one but the first', () => {
    for (const phase of phases)
      expect(
        Object.values(transitions[phase]).some((next) => next !== phase),
        phase,
      ).toBe(phase !== 'refused')
    const reached = new Set(phases.flatMap((phase) => Object.values(transitions[phase])))
    expect(phases.filter((phase) => !reached.has(phase))).toEqual(['starting'])
  })
})
