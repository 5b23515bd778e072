import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { LineOutput } from '../../../src/observe/log/line-output.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { temporaryDirectory } from '../../support/program/program.ts'

const pipeBytes = 65_536
let timers: ManualClock
let pipe: number
let dropped: number[]

beforeEach(() => {
  timers = new ManualClock()
  dropped = []
})

/** A pipe that the test reads, and an output that writes to it. */
function openOutput(mostWaitingBytes?: number): LineOutput {
  const path = join(temporaryDirectory(), 'pipe')
  expect(spawnSync('mkfifo', [path]).status).toBe(0)
  pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  // As a runtime opens it for a program: writes wait.
  const descriptor = openSync(path, constants.O_WRONLY)
  onTestFinished(() => {
    closeSync(pipe)
    closeSync(descriptor)
  })
  return new LineOutput({
    descriptor,
    timers,
    onDropped: (lines) => dropped.push(lines),
    ...(mostWaitingBytes === undefined ? {} : { mostWaitingBytes }),
  })
}

function readAll(): string {
  const bytes = Buffer.alloc(4 * pipeBytes)
  try {
    return bytes.toString('utf8', 0, readSync(pipe, bytes))
  } catch {
    return ''
  }
}

test('a line is written at once', () => {
  const output = openOutput()
  output.write('one\n')
  expect(readAll()).toBe('one\n')
})

test('what a full pipe does not accept is written when it is read, whole and in order', async () => {
  const output = openOutput()
  const lines = Array.from({ length: 100 }, (_, index) => `${index} ${'x'.repeat(1000)}\n`)
  for (const line of lines) output.write(line)
  let text = readAll()
  expect(text.length).toBeLessThanOrEqual(pipeBytes)
  await timers.advance(50)
  text += readAll()
  expect(text).toBe(lines.join(''))
  expect([output.dropped, dropped]).toEqual([0, []])
})

test('lines beyond what may wait are dropped, counted, and reported once the pipe is read', async () => {
  const output = openOutput(10_000)
  writeSync(pipe, Buffer.alloc(pipeBytes))
  for (let index = 0; index < 30; index += 1) output.write(`${index} ${'x'.repeat(990)}\n`)
  expect(output.dropped).toBe(20)
  await timers.advance(1000)
  expect(dropped).toEqual([])
  readAll()
  await timers.advance(50)
  expect(dropped).toEqual([20])
  expect(readAll().split('\n').length).toBe(11)
  output.write('and on\n')
  expect(readAll()).toBe('and on\n')
})

test('the end does not wait for a reader', async () => {
  const output = openOutput()
  writeSync(pipe, Buffer.alloc(pipeBytes))
  output.write('last\n')
  const drained = output.drained()
  await timers.advance(1000)
  expect(await drained).toBe(undefined)
})
