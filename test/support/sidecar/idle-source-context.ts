import { createSystemClock } from '../../../src/kernel/clock.ts'

/** What a source needs that asks by itself, for tests of those that are asked. */
export const idleSourceContext = {
  clock: createSystemClock(),
  timers: createSystemClock(),
  scrape: { url: undefined, intervalMs: 15_000, timeoutMs: 5000 },
  entitled: () => true,
  noteRead: () => {},
  heard: () => {},
}
