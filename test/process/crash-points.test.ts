import { describe, expect, test } from 'vitest'
import { steps } from '../../src/kernel/events.ts'
import { openScene, terminate } from './scene.ts'

// AWS accepts an hour for six of them, and a busy machine takes seconds to start a process again.
const realHourMs = 3000
const limitMs = 60_000
const killed = { code: null, signal: 'SIGKILL' }

describe.concurrent('a process that dies right after a step', () => {
  test.for(steps)(
    '%s, twice in a row, converges: every acknowledged unit is billed once',
    { timeout: limitMs },
    async (step, context) => {
      const scene = await openScene(context, realHourMs)
      for (const occurrence of [1, 2]) {
        const sidecar = scene.start({ killAt: { step, occurrence } })
        expect(await sidecar.exited).toEqual(killed)
        expect(sidecar.phase.step).toBe(step)
        expect(sidecar.complaints).toEqual([])
        scene.expectAcknowledgedInBook()
      }

      const sidecar = await scene.startReady()
      await scene.finishReporting()
      expect(await terminate(sidecar)).toEqual({ code: 0, signal: null })
      expect(sidecar.complaints).toEqual([])

      const { open, records } = scene.book()
      expect([...open.keys()]).toEqual([])
      expect(new Set(records.map(({ state }) => state))).toEqual(new Set(['accepted']))
      await scene.expectBalanced()
    },
  )
})
