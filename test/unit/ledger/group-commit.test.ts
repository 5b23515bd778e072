import { describe, expect, test } from 'vitest'
import { SidecarError } from '../../../src/kernel/errors.ts'
import { GroupCommit, type GroupCommitOptions } from '../../../src/ledger/group-commit.ts'
import { settle } from '../../support/manual-clock.ts'
import { refusal } from '../../support/refusal.ts'

/** Group commits over a list: what is committed, and flushes that the test finishes. */
function createBench(more: Partial<GroupCommitOptions<undefined>> = {}) {
  const events: string[] = []
  const flushes: PromiseWithResolvers<void>[] = []
  const fatal: SidecarError[] = []
  const commits = new GroupCommit<undefined>({
    transact: async (operations) => {
      events.push('begin')
      try {
        operations(undefined)
      } catch (error) {
        events.push('rollback')
        throw error
      }
      events.push('commit')
    },
    flush: () => {
      events.push('flush')
      const flush = Promise.withResolvers<void>()
      flushes.push(flush)
      return flush.promise
    },
    between: () => Promise.resolve(),
    onDurable: (operations) => events.push(`durable ${operations}`),
    onFatal: (error) => fatal.push(error),
    ...more,
  })
  const write = (name: string) => commits.run(() => events.push(name))
  return { commits, events, flushes, fatal, write }
}

describe('group commit', () => {
  test('answers nothing before the flush has ended', async () => {
    const { events, flushes, write } = createBench()
    let answered = false
    const written = write('a').then(() => (answered = true))
    await settle()
    expect([events, answered]).toEqual([['begin', 'a', 'commit', 'flush'], false])
    flushes[0]?.resolve()
    await written
    expect(answered).toBe(true)
  })

  test('lets what arrives together share a commit, and what arrives meanwhile the next', async () => {
    const { events, flushes, write } = createBench()
    const first = [write('a'), write('b')]
    await settle()
    const second = [write('c'), write('d'), write('e')]
    await settle()
    flushes[0]?.resolve()
    await Promise.all(first)
    await settle()
    flushes[1]?.resolve()
    await Promise.all(second)
    expect(events.join(' ')).toBe(
      'begin a b commit flush durable 2 begin c d e commit flush durable 3',
    )
  })

  test('refuses one operation alone when it says no before it writes', async () => {
    const { commits, flushes, write } = createBench()
    const refused = commits.run(() => {
      throw new SidecarError('OccurredAtTooOld', 'no')
    })
    const written = write('a')
    refused.catch(() => {})
    await settle()
    flushes[0]?.resolve()
    await expect(refused).rejects.toMatchObject({ code: 'OccurredAtTooOld' })
    await expect(written).resolves.toBeDefined()
  })

  test('rolls back a group with a broken operation, and lets that one fail alone', async () => {
    const { commits, events, flushes, write } = createBench()
    const written = write('a')
    const broken = commits.run(() => {
      throw new Error('constraint failed')
    })
    broken.catch(() => {})
    await settle()
    flushes[0]?.resolve()
    await expect(broken).rejects.toThrow('constraint failed')
    await written
    expect(events.join(' ')).toBe('begin a rollback begin a commit begin rollback flush durable 2')
  })

  test('needs no flush when nothing was written', async () => {
    const { commits, events } = createBench()
    const refused = commits.run(() => {
      throw new SidecarError('OccurredAtTooOld', 'no')
    })
    await expect(refused).rejects.toThrow('no')
    expect(events).not.toContain('flush')
  })

  test('acknowledges nothing after a failed flush, and says once that the process must end', async () => {
    const { commits, fatal, flushes, write } = createBench()
    const first = write('a')
    await settle()
    const second = write('b')
    flushes[0]?.reject(new Error('EIO: i/o error, fdatasync'))
    for (const lost of [first, second, write('c')])
      await expect(lost).rejects.toMatchObject(refusal('LedgerFailed'))
    expect(fatal).toHaveLength(1)
    expect(commits.failure?.message).toMatch(/EIO/)
  })

  test.each([
    'LedgerBusy',
    'LedgerInUse',
    'DatabaseUnavailable',
    'DatabaseNotUsable',
    'DatabaseOutcomeUnknown',
  ] as const)(
    'refuses a whole group at once after %s, and tries no part of it alone',
    async (code) => {
      let begun = 0
      const { write } = createBench({
        transact: () => {
          begun += 1
          return Promise.reject(new SidecarError(code, 'not now'))
        },
      })
      for (const refused of await Promise.allSettled([write('a'), write('b'), write('c')]))
        expect(refused).toMatchObject({ status: 'rejected', reason: { code } })
      expect(begun).toBe(1)
    },
  )

  test('answers a question only with what is on disk, before the next group begins', async () => {
    const { commits, events, flushes, write } = createBench()
    const ask = () => commits.read(() => Promise.resolve(events.join(' ')))
    expect(await ask()).toBe('')
    const first = write('a')
    await settle()
    const asked = ask()
    const second = write('b')
    await settle()
    flushes[0]?.resolve()
    expect(await asked).toBe('begin a commit flush durable 1')
    await settle()
    flushes[1]?.resolve()
    await Promise.all([first, second])
    await settle()
    expect(await ask()).toMatch(/durable 1$/)
  })

  test('refuses a question whose flush fails', async () => {
    const { commits, flushes, write } = createBench()
    const written = write('a')
    await settle()
    const asked = commits.read(() => Promise.resolve('not on disk'))
    flushes[0]?.reject(new Error('EIO: i/o error, fdatasync'))
    const later = commits.read(() => Promise.resolve('unknown'))
    for (const refused of [asked, later])
      await expect(refused).rejects.toMatchObject(refusal('LedgerFailed'))
    await expect(written).rejects.toMatchObject(refusal('LedgerFailed'))
  })

  test('calls what shared a failed flush unknown, and advises no repeat without its key', async () => {
    const { flushes, write } = createBench()
    const shared = write('a')
    await settle()
    const waiting = write('b')
    flushes[0]?.reject(new Error('EIO: i/o error, fdatasync'))
    await expect(shared).rejects.toThrow(
      /is unknown.*Repeat it only with the idempotency key it had/,
    )
    for (const never of [waiting, write('c')])
      await expect(never).rejects.toThrow(/Nothing of this was recorded/)
  })

  test('ends as well when a checkpoint could not be flushed', async () => {
    const { fatal, flushes, write } = createBench({
      between: () => Promise.reject(new Error('EIO: i/o error')),
    })
    const written = write('a')
    await settle()
    flushes[0]?.resolve()
    await expect(written).resolves.toBeDefined()
    await settle()
    expect(fatal).toHaveLength(1)
    await expect(write('b')).rejects.toMatchObject(refusal('LedgerFailed'))
  })

  test.each([
    [60_000, 'c a2 b2'],
    [0, 'c'],
  ])('waits %i ms for callers that report again: the next group is %s', async (gatherMs, next) => {
    const { events, flushes, write } = createBench({ gatherMs })
    for (const name of ['a', 'b'])
      void write(name).then(() => setImmediate(() => void write(`${name}2`)))
    await settle()
    void write('c')
    await settle()
    flushes[0]?.resolve()
    await settle(10)
    expect(events.join(' ')).toBe(`begin a b commit flush durable 2 begin ${next} commit flush`)
    for (const each of [1, 2]) {
      flushes[each]?.resolve()
      await settle(10)
    }
  })

  test('closes when everything has been answered, and takes nothing more', async () => {
    const { commits, events, flushes, write } = createBench()
    const written = write('a')
    let closed = false
    const closing = commits.close().then(() => (closed = true))
    await settle()
    expect(closed).toBe(false)
    await expect(write('b')).rejects.toMatchObject(refusal('ShuttingDown'))
    flushes[0]?.resolve()
    await expect(written).resolves.toBeDefined()
    await closing
    expect(events.join(' ')).toBe('begin a commit flush durable 1')
  })
})
