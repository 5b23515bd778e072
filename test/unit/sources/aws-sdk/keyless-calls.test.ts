import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { KeylessCalls } from '../../../../src/sources/aws-sdk/keyless-calls.ts'

const hour = Date.parse('2026-03-10T09:00:00Z')
const mebibyte = 1_048_576

test('a call is a repeat of an equal one of its hour, and of no other', () => {
  const calls = new KeylessCalls()
  expect(calls.isRepeat(hour, 'a')).toBe(false)
  expect(calls.isRepeat(hour, 'b')).toBe(false)
  expect(calls.isRepeat(hour + 3_600_000, 'a')).toBe(false)
  expect(calls.isRepeat(hour, 'a')).toBe(true)
})

test('calls are remembered without their content', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const calls = new KeylessCalls()
  const content = (number: number) => `${number}`.repeat(mebibyte).slice(0, mebibyte)
  const heap = () => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = heap()
  for (let number = 1000; number < 1050; number += 1) calls.isRepeat(hour, content(number))
  expect(heap() - before).toBeLessThan(10 * mebibyte)
  expect(calls.isRepeat(hour, content(1000))).toBe(true)
})
