import {
  closeSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadTool } from './load.ts'
import { median } from './result.ts'

/** What the figures depend on besides the program. */
export interface Machine {
  readonly cores: number
  readonly processor: string
  readonly node: string
  readonly loadTool: string
  /** Of the volume that the ledgers lie on: device, file system, and how long it takes to flush 4 KiB, ms. */
  readonly disk: string
  readonly flushMs: number
}

export function describeMachine(): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    loadTool,
    disk: diskOf(tmpdir()),
    flushMs: flushMs(),
  }
}

/** Starts watching. The function returns what others took of the processors since then, in %. */
export function watchOthers(): () => { readonly stolen: number; readonly busy: number } {
  const before = processorTimes()
  return () => {
    const now = processorTimes()
    const all = now.all - before.all
    const share = (time: number) => Math.round((time / all) * 100)
    return {
      stolen: share(now.stolen - before.stolen),
      busy: share(all - (now.idle - before.idle)),
    }
  }
}

function processorTimes() {
  const [, line = ''] = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8')) ?? []
  const times = line.split(' ').map(Number)
  const [, , , idle = 0, waiting = 0, , , stolen = 0] = times
  return { all: times.reduce((sum, time) => sum + time, 0), idle: idle + waiting, stolen }
}

/** Device and type of the mount that holds a folder. */
function diskOf(folder: string): string {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(
      ([, point = '']) => folder === point || folder.startsWith(point === '/' ? '/' : `${point}/`),
    )
    .toSorted(([, a = ''], [, b = '']) => b.length - a.length)
  const [device = 'unknown', , type = 'unknown'] = mounts[0] ?? []
  return `${device}, ${type}`
}

function flushMs(): number {
  const folder = mkdtempSync(join(tmpdir(), 'bench-disk-'))
  const file = openSync(join(folder, 'file'), 'w')
  const page = Buffer.alloc(4096)
  const times = Array.from({ length: 100 }, () => {
    const startedAt = performance.now()
    writeSync(file, page, 0, page.length, 0)
    fdatasyncSync(file)
    return performance.now() - startedAt
  })
  closeSync(file)
  rmSync(folder, { recursive: true })
  return Number(median(times).toPrecision(2))
}
