import { afterEach, expect, test } from 'vitest'
import { Events, type EventName } from '../../../src/kernel/events.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'

const everyEvent: Readonly<Record<EventName, true>> = {
  usageReported: true,
  usageRefused: true,
  callRepeated: true,
  readingsCounted: true,
  countersRead: true,
  sourceRead: true,
  tagSetsOverflowed: true,
  usageHeld: true,
  stepReached: true,
  ledgerCommitted: true,
  ledgerFailed: true,
  decisionMade: true,
  ledgerSetAside: true,
  ledgerAudited: true,
  recordSealed: true,
  recordAttempted: true,
  recordMoved: true,
  awsCalled: true,
  entitlementChanged: true,
  publicKeyRotation: true,
  httpAnswered: true,
  connectionDropped: true,
}

let harness: SidecarHarness
afterEach(() => harness.close())

/** Calls `listener` for every event, before the sidecar's own listeners. */
function watchedBy(listener: (name: EventName) => void): Events {
  const events = new Events(() => {})
  for (const name of Object.keys(everyEvent) as EventName[]) events.on(name, () => listener(name))
  return events
}

/** Events that reach no one. */
class LostEvents extends Events {
  override emit(): void {}
}

function rethrow(error: Error): never {
  throw error
}

function waitBusily(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

const steps = ['usageReported', 'usageRefused', 'recordSealed', 'recordAttempted', 'awsCalled']

/** Lives through two hours and a shutdown, whose usage must all reach AWS. */
async function expectAllIsBilled(events: Events): Promise<void> {
  harness = await startHarness({ events })
  await harness.entitled()
  expect((await harness.post({ dimension: 'requests', quantity: 3 })).status).toBe(200)
  expect((await harness.post({ dimension: 'requests', quantity: -1 })).status).toBe(400)
  await harness.endHour()
  await harness.until(async () => (await harness.records()).length === 1)
  await harness.until(async () => {
    const { settled } = (await harness.get('/v1/usage')).body
    return (settled as readonly { readonly state: string }[])[0]?.state === 'accepted'
  })
  expect((await harness.post({ dimension: 'requests', quantity: 4 })).status).toBe(200)
  await harness.sidecar.stop()
  expect((await harness.records()).map(({ quantity }) => quantity)).toEqual([3, 4])
}

test.each<[string, () => void]>([
  ['throws on every event', () => rethrow(new Error('a listener that throws'))],
  ['is slow on every event', () => waitBusily(3)],
])(
  'usage is recorded, sealed, sent, settled and drained with a listener that %s',
  async (_how, listener) => {
    const heard = new Set<EventName>()
    const events = watchedBy((name) => {
      heard.add(name)
      listener()
    })
    await expectAllIsBilled(events)
    expect([...heard]).toEqual(expect.arrayContaining(steps))
  },
)

test('usage is recorded, sealed, sent, settled and drained when no event reaches anyone', async () => {
  await expectAllIsBilled(new LostEvents())
})
