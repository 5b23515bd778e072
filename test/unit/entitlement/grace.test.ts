import { beforeEach, describe, expect, test } from 'vitest'
import type { Settings } from '../../../src/config/settings.ts'
import { Grace, type Notebook } from '../../../src/entitlement/grace.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'

const hour = 3_600_000
const subject = { resource: 'task-1', productCode: 'prod1', route: 'hourly' }

let clock: ManualClock
let pages: Map<string, string>
let recorded: ReturnType<typeof createRecordedLog>
let notebook: Notebook

beforeEach(() => {
  clock = new ManualClock('2026-03-10T09:00:00Z')
  pages = new Map()
  recorded = createRecordedLog()
  notebook = {
    recall: async (name) => pages.get(name),
    remember: async (name, value) => void pages.set(name, value),
  }
})

/** A start of the sidecar. */
function start(
  failMode: Settings['failMode'],
  more: Partial<typeof subject> = {},
  graceMs = 2 * hour,
): Promise<Grace> {
  return Grace.open({
    notebook,
    clock,
    log: recorded.log,
    subject: { ...subject, ...more },
    failMode,
    graceMs,
  })
}

/** Hours from now, or undefined. */
function left(grace: Grace, outage = true): number | undefined {
  const until = grace.until(outage)
  return until === undefined ? undefined : (until - clock.now()) / hour
}

describe('closed', () => {
  test('nothing is tolerated before AWS has confirmed the buyer', async () => {
    expect(left(await start('closed'))).toBeUndefined()
  })

  test('a restart has what is left of the grace time since the buyer was last entitled', async () => {
    ;(await start('closed')).note({ state: 'entitled' })
    clock.step(hour / 2)
    expect(left(await start('closed'))).toBe(1.5)
    clock.step(1.5 * hour)
    expect(left(await start('closed'))).toBeUndefined()
  })

  test('the time is renewed while the buyer stays entitled', async () => {
    const grace = await start('closed')
    grace.note({ state: 'entitled' })
    clock.step(5 * hour)
    grace.note({ state: 'entitled' })
    expect(left(await start('closed'))).toBe(2)
  })

  test('a restart is also tolerated when something other than AWS fails', async () => {
    ;(await start('closed')).note({ state: 'entitled' })
    expect(left(await start('closed'), false)).toBe(2)
  })

  test.each([
    ['another task', { resource: 'task-2' }],
    ['another product', { productCode: 'prod2' }],
    ['another route', { route: 'both' }],
  ])('what %s has proved does not count', async (_name, other) => {
    ;(await start('closed')).note({ state: 'entitled' })
    expect(left(await start('closed', other))).toBeUndefined()
  })

  test('a denial ends it, over a restart too', async () => {
    const grace = await start('closed')
    grace.note({ state: 'entitled' })
    grace.note({ state: 'denied' })
    expect(left(grace)).toBeUndefined()
    expect(left(await start('open'))).toBeUndefined()
    grace.note({ state: 'entitled' })
    expect(left(await start('closed'))).toBe(2)
  })
})

describe('open', () => {
  test('an outage is tolerated for the grace time since it began', async () => {
    const grace = await start('open')
    expect(left(grace)).toBe(2)
    clock.step(hour)
    expect(left(grace)).toBe(1)
    clock.step(hour)
    expect(left(grace)).toBeUndefined()
  })

  test('what the role or a setting causes during an outage is not tolerated', async () => {
    const grace = await start('open')
    expect(left(grace)).toBe(2)
    expect(left(grace, false)).toBeUndefined()
    expect(left(grace)).toBe(2)
  })

  test('a restart does not begin the time anew, and another task has its own', async () => {
    ;(await start('open')).until(true)
    clock.step(hour)
    expect(left(await start('open'))).toBe(1)
    expect(left(await start('open', { resource: 'task-2' }))).toBe(2)
  })

  test('the time begins anew after AWS has answered', async () => {
    const grace = await start('open')
    grace.until(true)
    clock.step(3 * hour)
    grace.note({ state: 'entitled' })
    clock.step(3 * hour)
    expect(left(grace)).toBe(2)
  })

  test('a role that AWS refuses is not an outage', async () => {
    expect(left(await start('open'), false)).toBeUndefined()
  })
})

describe('the memory', () => {
  test('with a grace time of 0 there is no grace', async () => {
    const grace = await start('open', {}, 0)
    grace.note({ state: 'entitled' })
    expect(left(grace)).toBeUndefined()
  })

  test('from a future that a clock set back has left behind does not count', async () => {
    ;(await start('closed')).note({ state: 'entitled' })
    clock.step(-60_000)
    expect(left(await start('closed'))).toBeGreaterThan(2)
    clock.step(-hour)
    expect(left(await start('closed'))).toBeUndefined()
  })

  test.each(['', '{', 'null', '[]', '5', '{"entitledAt":"now"}'])(
    'that is %j is ignored',
    async (text) => {
      pages.set('entitlement', text)
      expect(left(await start('closed'))).toBeUndefined()
      pages.set('entitlement', JSON.stringify({ ...subject, entitledAt: 'now', denied: 'no' }))
      expect(left(await start('closed'))).toBeUndefined()
    },
  )

  test('that can not be written is a warning', async () => {
    notebook = { ...notebook, remember: () => Promise.reject(new Error('full')) }
    const grace = await start('closed')
    grace.note({ state: 'entitled' })
    await settle()
    expect(recorded.lines.map(({ event }) => event)).toEqual(['entitlement.not-remembered'])
    expect(left(grace)).toBe(2)
  })
})

describe('a notebook that opens after the start', () => {
  /** A start that cannot read it yet; `open` lets it. */
  async function startBlind(failMode: Settings['failMode']) {
    const real = notebook
    notebook = { recall: async () => undefined, remember: async () => {} }
    const blind = notebook
    const grace = await start(failMode)
    const open = () => {
      Object.assign(blind, real)
      return grace.recallAgain()
    }
    notebook = real
    return { grace, open }
  }

  test('gives the grace time that an earlier start noted, and keeps it', async () => {
    ;(await start('closed')).note({ state: 'entitled' })
    clock.step(hour / 2)
    const { grace, open } = await startBlind('closed')
    expect(left(grace)).toBeUndefined()
    const { recalled } = grace
    await open()
    expect(recalled.aborted).toBe(true)
    expect(grace.recalled.aborted).toBe(false)
    expect(left(grace)).toBe(1.5)
    expect(left(await start('closed'))).toBe(1.5)
  })

  test('remembers that AWS has said no, whatever the fail mode is', async () => {
    ;(await start('open')).note({ state: 'denied' })
    const { grace, open } = await startBlind('open')
    expect(left(grace)).toBe(2)
    await open()
    expect(left(grace)).toBeUndefined()
    expect(left(await start('open'))).toBeUndefined()
  })

  test('does not renew an outage that began before it', async () => {
    expect(left(await start('open'))).toBe(2)
    clock.step(hour)
    const { grace, open } = await startBlind('open')
    expect(left(grace)).toBe(2)
    await open()
    expect(left(grace)).toBe(1)
  })

  test.each(['entitled', 'denied'] as const)(
    'counts less than that AWS has said %s since',
    async (state) => {
      ;(await start('closed')).note({ state: state === 'denied' ? 'entitled' : 'denied' })
      const { grace, open } = await startBlind('closed')
      grace.note({ state })
      await open()
      const expected = state === 'entitled' ? 2 : undefined
      expect([left(grace), left(await start('closed'))]).toEqual([expected, expected])
    },
  )

  test('that fails is logged, and what is known stays', async () => {
    const { grace } = await startBlind('closed')
    grace.note({ state: 'entitled' })
    notebook.recall = () => Promise.reject(new Error('no ledger'))
    const failing = await startBlind('closed')
    await failing.open()
    expect(recorded.lines.at(-1)).toMatchObject({ event: 'entitlement.not-remembered' })
    expect(left(grace)).toBe(2)
  })
})
