import { createTask } from 'node-cron'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { startSchedule, type ScheduleOptions } from '../../../src/channels/schedule.ts'
import { createSystemClock, type Clock } from '../../../src/kernel/clock.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { ManualClock } from '../../support/manual-clock.ts'

vi.mock('node-cron', { spy: true })

function startRecorded(options: Pick<ScheduleOptions, 'clock' | 'timers'>) {
  const ticks: string[] = []
  const tick = () => void ticks.push(new Date(options.clock.now()).toISOString().slice(11, 19))
  const schedule = startSchedule({ ...options, tick })
  onTestFinished(() => schedule.stop())
  return { ticks, schedule }
}

describe('the schedule on a clock that a test moves', () => {
  test('ticks at the top of every hour until it is stopped', async () => {
    const clock = new ManualClock()
    const { ticks, schedule } = startRecorded({ clock, timers: clock })
    await clock.advance(3 * hourMs)
    schedule.stop()
    await clock.advance(3 * hourMs)
    expect(ticks).toEqual(['10:00:00', '11:00:00', '12:00:00'])
  })

  test('has one timer however often it is woken, and none when it is stopped', async () => {
    const clock = new ManualClock()
    const timers = new ManualClock()
    const { ticks, schedule } = startRecorded({ clock, timers })
    for (let times = 0; times < 3; times += 1) schedule.wake()
    expect(clock.waiting).toBe(1)
    schedule.stop()
    expect([clock.waiting, timers.waiting]).toEqual([0, 0])
    clock.step(3 * hourMs)
    schedule.wake()
    expect([ticks, clock.waiting]).toEqual([[], 0])
  })

  test('ticks once for hours that went by while the machine slept', async () => {
    const clock = new ManualClock()
    const { ticks } = startRecorded({ clock, timers: clock })
    clock.step(3 * hourMs)
    await clock.advance(hourMs)
    expect(ticks).toEqual(['12:15:00', '13:00:00'])
  })
})

describe('cron', () => {
  beforeEach(() => {
    vi.mocked(createTask).mockClear()
    vi.useFakeTimers({ now: Date.parse('2026-03-10T09:59:50Z') })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const system = createSystemClock()
  /** The same time, but none of its timers ever fires. */
  const never = () => ({ cancel: () => {} })
  const silent: Clock = { ...system, at: never, after: never }

  test('is started a second after the schedule, so that the start does not wait for it', async () => {
    startRecorded({ clock: system, timers: system })
    await vi.advanceTimersByTimeAsync(999)
    expect(createTask).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(createTask).toHaveBeenCalledTimes(1)
    const options = { name: 'seal', timezone: 'UTC', suppressMissedWarning: true, unref: true }
    expect(createTask).toHaveBeenCalledWith('0 * * * *', expect.any(Function), options)
  })

  test('is never started when the schedule is stopped before', async () => {
    const { schedule } = startRecorded({ clock: system, timers: system })
    schedule.stop()
    await vi.advanceTimersByTimeAsync(2000)
    expect(createTask).not.toHaveBeenCalled()
  })

  test('ticks at the end of each hour on its own', async () => {
    const { ticks } = startRecorded({ clock: silent, timers: system })
    await vi.advanceTimersByTimeAsync(9000)
    expect(ticks).toEqual([])
    await vi.advanceTimersByTimeAsync(2 * hourMs)
    expect(ticks).toEqual(['10:00:00', '11:00:00'])
  })

  test('adds no tick to that of the clock', async () => {
    const { ticks } = startRecorded({ clock: system, timers: system })
    await vi.advanceTimersByTimeAsync(2 * hourMs)
    expect(ticks).toEqual(['10:00:00', '11:00:00'])
  })

  test('is not needed where the clock ticks', async () => {
    const { ticks } = startRecorded({ clock: system, timers: silent })
    await vi.advanceTimersByTimeAsync(2 * hourMs)
    expect(createTask).not.toHaveBeenCalled()
    expect(ticks).toEqual(['10:00:00', '11:00:00'])
  })

  test('wakes no schedule that is stopped', async () => {
    const { ticks, schedule } = startRecorded({ clock: silent, timers: system })
    await vi.advanceTimersByTimeAsync(hourMs)
    expect(ticks).toEqual(['10:00:00'])
    schedule.stop()
    await vi.advanceTimersByTimeAsync(2 * hourMs)
    expect(ticks).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})
