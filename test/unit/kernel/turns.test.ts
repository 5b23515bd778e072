import { expect, test } from 'vitest'
import { Turns } from '../../../src/kernel/turns.ts'
import { settle } from '../../support/manual-clock.ts'

function work() {
  const begun: string[] = []
  const ends = new Map<string, (failure?: Error) => void>()
  const start = (name: string) => () => {
    begun.push(name)
    return new Promise<string>((resolve, reject) => {
      ends.set(name, (failure) => (failure === undefined ? resolve(name) : reject(failure)))
    })
  }
  return { begun, start, end: (name: string, failure?: Error) => ends.get(name)?.(failure) }
}

test('what comes when all turns are taken waits for its own, in its order', async () => {
  const { begun, start, end } = work()
  const turns = new Turns({ atOnce: 2, waiting: 2 })
  const all = ['a', 'b', 'c', 'd'].map((name) => turns.take(start(name)))
  expect(begun).toEqual(['a', 'b'])
  end('b')
  await settle(5)
  expect(begun).toEqual(['a', 'b', 'c'])
  end('a')
  end('c')
  await settle(5)
  end('d')
  const done = await Promise.all(all.map(async (each) => each))
  expect(done).toEqual(['a', 'b', 'c', 'd'])
})

test('what finds the line full is not begun', async () => {
  const { begun, start, end } = work()
  const turns = new Turns({ atOnce: 1, waiting: 1 })
  void turns.take(start('a'))
  void turns.take(start('b'))
  expect(turns.take(start('c'))).toBeUndefined()
  end('a')
  await settle(5)
  expect(begun).toEqual(['a', 'b'])
  expect(turns.take(start('d'))).toBeDefined()
})

test('a failure ends a turn as well', async () => {
  const { begun, start, end } = work()
  const turns = new Turns({ atOnce: 1, waiting: 1 })
  const first = turns.take(start('a'))
  void turns.take(start('b'))
  end('a', new Error('lost'))
  await expect(first).rejects.toThrow('lost')
  await settle(5)
  expect(begun).toEqual(['a', 'b'])
})

test('what comes just as a turn ends does not take it from what waits', async () => {
  const { begun, start, end } = work()
  const turns = new Turns({ atOnce: 1, waiting: 2 })
  void turns.take(start('a'))
  void turns.take(start('b'))
  end('a')
  for (const name of ['c', 'd', 'e', 'f']) queueMicrotask(() => void turns.take(start(name)))
  await settle(5)
  expect(begun).toEqual(['a', 'b'])
})
