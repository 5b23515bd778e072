import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { eventually } from '../eventually.ts'

export const root = fileURLToPath(new URL('../../..', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function inherited(): NodeJS.ProcessEnv {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env
  return { PATH, HOME, NODE_COMPILE_CACHE }
}

/** A program in a separate process group, so that a signal reaches all of it, as Ctrl-C does. */
export class Program {
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  #out = ''
  #err = ''

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    const child = spawn(command, args, {
      cwd: root,
      detached: true,
      env: { ...inherited(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#err += text))
    this.#child = child
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve({ code, out: this.#out, err: this.#err }))
    })
  }

  /** The first match in what it has printed, as soon as there is one. */
  async printed(pattern: RegExp): Promise<readonly string[]> {
    return eventually(
      () => {
        const match = pattern.exec(this.#out)
        if (match === null && this.#child.exitCode !== null)
          throw new Error(`it ended with ${this.#child.exitCode}: ${this.#out}${this.#err}`)
        return match
      },
      // A busy machine may take long; a program that ended is seen at once.
      { timeoutMs: 60_000, what: `${pattern} in the output` },
    )
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#child.pid !== undefined) process.kill(-this.#child.pid, signal)
  }

  /** Kills what is left of the group. */
  killAll(): void {
    try {
      this.signal('SIGKILL')
    } catch {
      // The whole group has ended.
    }
  }
}

/** Starts a command for the running test; what is left of it is killed after the test. */
export function startCommand(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Program {
  const program = new Program(command, args, env)
  onTestFinished(() => program.killAll())
  return program
}

/** `marketplace-sidecar <args>` from source. */
export function startProgram(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  return startCommand(process.execPath, ['src/main.ts', ...args], env)
}

/** A directory that is deleted after the running test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'marketplace-sidecar-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export interface EmulatorProgram {
  readonly program: Program
  readonly url: string
  get(path: string): Promise<Record<string, unknown>>
  records(): Promise<readonly { dimension: string; hour: string; quantity: number }[]>
}

/** An emulated AWS as a separate process. */
export async function startEmulatorProgram(...args: string[]): Promise<EmulatorProgram> {
  const program = startProgram(['emulate', '--port', '0', ...args])
  const [, url = ''] = await program.printed(/^emulator ready at (\S+)/m)
  const get = async (path: string) =>
    (await (await fetch(`${url}/_emulator/${path}`)).json()) as Record<string, unknown>
  return {
    program,
    url,
    get,
    records: async () =>
      (await get('records'))['records'] as { dimension: string; hour: string; quantity: number }[],
  }
}

export interface DemoAddresses {
  readonly app: string
  readonly ops: string
  readonly emulator: string
}

/** Where a demo that was started with port 0 says that it is. */
export async function demoAddresses(program: Program): Promise<DemoAddresses> {
  const [, app, ops, emulator] = await program.printed(
    /curl -f localhost:(\d+)\/[^]*localhost:(\d+)\/metrics\n +curl (\S+)\/_emulator/,
  )
  return { app: `http://127.0.0.1:${app}`, ops: `http://127.0.0.1:${ops}`, emulator: `${emulator}` }
}

/**
 * Waits until the emulator's hour has just begun, so that what follows falls into one hour. The sidecar's
 * clock was set by asking the emulator's, and is behind it by as long as the answer took.
 */
export async function earlyInTheHour({ emulator }: DemoAddresses): Promise<void> {
  await eventually(async () => {
    const { now } = (await (await fetch(`${emulator}/_emulator/clock`)).json()) as { now: string }
    const minute = Number(now.slice(14, 16))
    return minute >= 6 && minute < 15
  })
}

/** Returns the status of a GET; 0 while no one answers. */
export async function statusOf(url: string): Promise<number> {
  return fetch(url).then(
    async (response) => {
      await response.arrayBuffer()
      return response.status
    },
    () => 0,
  )
}

/** Reports usage and returns the status. */
export async function postUsage(app: string, report: object): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify(report)
  return (await fetch(`${app}/v1/usage`, { method: 'POST', headers, body })).status
}
