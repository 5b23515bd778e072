import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

export interface Program {
  readonly pid: number
  /** Kills it and waits until it has ended. */
  end(): Promise<void>
}

const running = new Set<ChildProcess>()
// A measurement that fails must not leave its programs behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a program to measure, with this process's standard error; Node's own arguments by default. */
export function start(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  executable = process.execPath,
): { child: ChildProcess; program: Program } {
  const child = spawn(executable, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  running.add(child)
  const ended = once(child, 'exit').then(() => running.delete(child))
  const end = async () => {
    child.kill('SIGKILL')
    await ended
  }
  return { child, program: { pid: child.pid ?? 0, end } }
}

/** Resolves with the first match of `pattern` in a line of the program's output. The rest is read and dropped. */
export function lineOf(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the program ended at once (code ${code})`)))
    if (child.stdout === null) return reject(new TypeError('the program has no output'))
    createInterface(child.stdout).on('line', (line) => {
      const found = pattern.exec(line)
      if (found !== null) resolve(found)
    })
  })
}

const givenPorts = new Set<number>()

/**
 * Returns a free port below those that the system gives to clients, where a load tool could connect to itself.
 * No port is given twice: two servers that start at once would both find it free.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (givenPorts.has(port)) continue
    givenPorts.add(port)
    const server = createServer()
    server.listen(port, '127.0.0.1')
    const taken = await once(server, 'listening').then(
      () => false,
      () => true,
    )
    server.close()
    if (!taken) return port
  }
}

/** Returns the processor time of all threads that a process has, user and system together, ms. */
export function processorMs(pid: number): number {
  const tasks = `/proc/${pid}/task`
  const nanoseconds = readdirSync(tasks).map((task) =>
    Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, time) => sum + time, 0) / 1e6
}

/** Returns the resident memory of a process, MB. */
export function residentMb(pid: number): number {
  return memoryMb(pid, 'VmRSS')
}

/** Returns the most resident memory that a process ever had, MB. */
export function peakMb(pid: number): number {
  return memoryMb(pid, 'VmHWM')
}

function memoryMb(pid: number, line: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const [, kib] = new RegExp(`^${line}:\\s+(\\d+) kB$`, 'm').exec(status) ?? []
  return (Number(kib) * 1024) / 1e6
}
