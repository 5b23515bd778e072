import { beforeEach, describe, expect, test } from 'vitest'
import { Pauses } from '../../../src/channels/pauses.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const minute = 60_000

let clock: ManualClock
let pauses: Pauses
beforeEach(() => {
  clock = new ManualClock()
  // Every pause is the longest that it may be.
  pauses = new Pauses({ clock, random: () => 1, spreadMs: 0 })
})

const waitOf = (id: number, state: 'refused' | 'sending') => pauses.recordWait({ id, state })

/** A record whose last attempts had no outcome. */
function unknown(id: number, times: number): boolean[] {
  return Array.from({ length: times }, () => {
    pauses.pauseRecord(id, 'unknown')
    return pauses.noteUnknown(id)
  })
}

describe('a refused record', () => {
  test('waits by itself for a minute, then twice as long each time, up to fifteen minutes', () => {
    const waits = Array.from({ length: 6 }, () => {
      pauses.pauseRecord(1, 'refused')
      return waitOf(1, 'refused') / minute
    })
    expect(waits).toEqual([1, 2, 4, 8, 15, 15])
    expect(pauses.slotWait({ slot: 1 })).toBe(0)
  })

  test('waits no more when it is freed, or when its time has passed', async () => {
    pauses.pauseRecord(1, 'refused')
    pauses.pauseRecord(2, 'refused')
    pauses.freeRecord(1)
    expect([waitOf(1, 'refused'), waitOf(2, 'refused')]).toEqual([0, minute])
    await clock.advance(minute / 2)
    expect(waitOf(2, 'refused')).toBe(minute / 2)
    await clock.advance(minute)
    expect(waitOf(2, 'refused')).toBe(0)
  })

  test('is tried as slowly at the end', () => {
    pauses.hurry()
    pauses.pauseRecord(1, 'refused')
    expect(waitOf(1, 'refused')).toBe(minute)
  })
})

describe('a record whose outcomes stay unknown', () => {
  test('is passed after three of them in a row', () => {
    expect(unknown(1, 2)).toEqual([false, false])
    expect(waitOf(1, 'sending')).toBe(0)
    expect(unknown(1, 1)).toEqual([true])
    expect(waitOf(1, 'sending')).toBe(4 * minute)
  })

  test('counts from none again when it is freed', () => {
    unknown(1, 2)
    pauses.freeRecord(1)
    expect(unknown(1, 3)).toEqual([false, false, true])
  })

  test('is asked at once when AWS answers again, and no refused one is', () => {
    unknown(1, 3)
    unknown(2, 1)
    pauses.pauseRecord(3, 'refused')
    expect(pauses.freeUnknown()).toBe(true)
    expect(waitOf(1, 'sending')).toBe(0)
    expect([waitOf(2, 'refused'), waitOf(3, 'refused')]).toEqual([minute, minute])
    expect(pauses.freeUnknown()).toBe(false)
  })

  test('is asked within two seconds at the end', () => {
    unknown(1, 3)
    pauses.hurry()
    expect(waitOf(1, 'sending')).toBe(0)
    const waits = [1, 2, 3, 4].map(() => [...unknown(1, 1), waitOf(1, 'refused')])
    expect(waits).toEqual([
      [false, 500],
      [false, 1000],
      [true, 2000],
      [true, 2000],
    ])
  })
})

describe('a slot', () => {
  test('is tried within two seconds at the end, where it waits up to five minutes else', () => {
    const waits = (times: number) =>
      Array.from({ length: times }, () => {
        pauses.pauseSlot(1)
        return pauses.slotWait({ slot: 1 })
      })
    expect(waits(10).slice(0, 3)).toEqual([1000, 2000, 4000])
    expect(waits(1)).toEqual([5 * minute])
    pauses.hurry()
    expect(waits(4)).toEqual([500, 1000, 2000, 2000])
    pauses.freeSlot(1)
    expect(pauses.slotWait({ slot: 1 })).toBe(0)
  })
})

describe('a throttle', () => {
  test('pauses every slot, for twice as long with each that follows', async () => {
    for (const seconds of [1, 2, 4]) {
      pauses.pauseTask()
      pauses.pauseTask()
      expect([pauses.taskWait(), pauses.slotWait({ slot: 7 })]).toEqual([
        seconds * 1000,
        seconds * 1000,
      ])
      await clock.advance(seconds * 1000)
    }
    pauses.easeTask()
    pauses.pauseTask()
    expect(pauses.taskWait()).toBe(4000)
  })

  test('that is an hour ago still doubles the next one', async () => {
    pauses.pauseTask()
    await clock.advance(60 * minute)
    pauses.pauseTask()
    expect(pauses.taskWait()).toBe(2000)
  })

  test('that is more than an hour ago is forgotten, and so is one before the end', async () => {
    pauses.pauseTask()
    await clock.advance(60 * minute + 1)
    pauses.pauseTask()
    expect(pauses.taskWait()).toBe(1000)
    pauses.hurry()
    expect(pauses.taskWait()).toBe(0)
  })
})
