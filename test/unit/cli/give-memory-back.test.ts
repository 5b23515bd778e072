import { expect, test } from 'vitest'
import { giveMemoryBack } from '../../../src/cli/run/give-memory-back.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const MB = 1_000_000

/** A process that starts with 78 MB, 8 of them garbage, and has nothing to do. */
function startProcess() {
  const clock = new ManualClock()
  const state = { rss: 78 * MB, heapUsed: 16 * MB, garbage: 8 * MB, busyShare: 0, collections: 0 }
  const giving = giveMemoryBack(clock, {
    memory: () => ({ rss: state.rss, heapUsed: state.heapUsed }),
    busyShare: () => state.busyShare,
    collect: () => {
      state.collections += 1
      state.rss -= state.garbage
      state.garbage = 0
    },
  })
  const grow = (bytes: number) => {
    state.rss += bytes
    state.garbage += bytes
  }
  return { clock, state, giving, grow }
}

test('a process that has started collects its garbage once, when it has nothing to do', async () => {
  const { clock, state } = startProcess()
  state.busyShare = 0.9
  await clock.advance(5000)
  expect(state.collections).toBe(0)
  state.busyShare = 0.04
  await clock.advance(60_000)
  expect(state).toMatchObject({ collections: 1, rss: 70 * MB })
})

test('a process that has grown by 8 MB collects again as soon as it is quiet, and not before', async () => {
  const { clock, state, grow } = startProcess()
  await clock.advance(1000)
  grow(7.9 * MB)
  await clock.advance(60_000)
  expect(state.collections).toBe(1)
  state.busyShare = 0.06
  grow(20 * MB)
  await clock.advance(60_000)
  expect(state.collections).toBe(1)
  state.busyShare = 0
  await clock.advance(1000)
  expect(state).toMatchObject({ collections: 2, rss: 70 * MB })
})

test('memory that is in use is not collected again and again', async () => {
  const { clock, state } = startProcess()
  await clock.advance(1000)
  state.rss += 30 * MB
  await clock.advance(60_000)
  expect(state.collections).toBe(2)
})

test('a heap so large that a collection would hold up the event loop is left to V8', async () => {
  const { clock, state } = startProcess()
  state.heapUsed = 25 * MB
  await clock.advance(60_000)
  expect(state.collections).toBe(0)
  state.heapUsed = 24 * MB
  await clock.advance(1000)
  expect(state.collections).toBe(1)
})

test('nothing is looked at after the end', async () => {
  const { clock, state, giving } = startProcess()
  giving[Symbol.dispose]()
  await clock.advance(60_000)
  expect({ waiting: clock.waiting, collections: state.collections }).toEqual({
    waiting: 0,
    collections: 0,
  })
})
