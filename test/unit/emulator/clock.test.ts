import { describe, expect, test } from 'vitest'
import { EmulatorClock } from '../../../src/emulator/emulator-clock.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const start = Date.parse('2026-03-10T09:15:00Z')

describe('the clock of the emulator', () => {
  test('shows the time of the clock below by default', async () => {
    const base = new ManualClock(start)
    const clock = new EmulatorClock(base)
    await base.advance(1000)
    expect(clock.now()).toBe(start + 1000)
    expect(clock.elapsed()).toBe(1000)
  })

  test('runs faster from its own start', async () => {
    const base = new ManualClock(start)
    const clock = new EmulatorClock(base, { rate: 180, startAt: 0 })
    await base.advance(20_000)
    expect(clock.now()).toBe(3_600_000)
    expect(clock.elapsed()).toBe(3_600_000)
  })

  test('shows whole milliseconds at any rate', async () => {
    const base = new ManualClock(start)
    const clock = new EmulatorClock(base, { rate: 3600 / 7 })
    await base.advance(1)
    expect(Number.isInteger(clock.now())).toBe(true)
  })

  test('continues from its time when its rate changes', async () => {
    const base = new ManualClock(start)
    const clock = new EmulatorClock(base)
    await base.advance(1000)
    clock.setRate(10)
    await base.advance(1000)
    expect(clock.now()).toBe(start + 11_000)
    expect(clock.elapsed()).toBe(11_000)
  })

  test('a timer fires at its instant, not before', async () => {
    const base = new ManualClock(start)
    const clock = new EmulatorClock(base, { rate: 3600 / 7 })
    let firedAt = 0
    clock.at(start + 1_800_000, () => (firedAt = clock.now()))
    await base.advance(3499)
    expect(firedAt).toBe(0)
    await base.advance(1)
    expect(firedAt).toBeGreaterThanOrEqual(start + 1_800_000)
  })

  test('a timer that a change of the clock has passed fires at once', async () => {
    const base = new ManualClock(start)
    const clock = new EmulatorClock(base)
    let fired = 0
    clock.at(start + 60_000, () => (fired += 1))
    clock.setNow(start + 120_000)
    await base.advance(0)
    await base.advance(120_000)
    expect(fired).toBe(1)
  })

  test('a timer waits longer after the clock is set back', async () => {
    const base = new ManualClock(start)
    const clock = new EmulatorClock(base)
    let fired = 0
    clock.at(start + 60_000, () => (fired += 1))
    clock.setNow(start - 60_000)
    await base.advance(119_999)
    expect(fired).toBe(0)
    await base.advance(1)
    expect(fired).toBe(1)
  })

  test('a cancelled timer does not come back', async () => {
    const base = new ManualClock(start)
    const clock = new EmulatorClock(base)
    let fired = 0
    const timer = clock.at(start + 60_000, () => (fired += 1))
    timer.cancel()
    clock.setNow(start + 120_000)
    await base.advance(0)
    expect(fired).toBe(0)
    expect(base.waiting).toBe(0)
  })

  test('a rate that is not a positive number is refused', () => {
    for (const rate of [0, -1, NaN, Infinity]) {
      expect(() => new EmulatorClock(new ManualClock(start), { rate })).toThrow(TypeError)
    }
  })
})
