import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { temporaryDirectory } from './program.ts'

const pipeBytes = 65_536

/** The writing end of a pipe that is full and that no one reads. */
export function openFullPipe(): number {
  const { reading, writing } = openPipe()
  writeSync(writing, Buffer.alloc(pipeBytes))
  onTestFinished(() => closeSync(reading))
  return writing
}

/** The writing end of a pipe whose reader has gone. */
export function openClosedPipe(): number {
  const { reading, writing } = openPipe()
  closeSync(reading)
  return writing
}

function openPipe(): { readonly reading: number; readonly writing: number } {
  const path = join(temporaryDirectory(), 'pipe')
  expect(spawnSync('mkfifo', [path]).status).toBe(0)
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writing = openSync(path, constants.O_WRONLY)
  onTestFinished(() => closeSync(writing))
  return { reading, writing }
}
