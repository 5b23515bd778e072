import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Step } from '../../src/kernel/events.ts'
import { decodePhase, type Phase } from './phases/phase-file.ts'
import { probeVariables } from './probe-variables.ts'

/** The process kills itself when it reaches the step for the n-th time. */
export interface KillPoint {
  readonly step: Step
  readonly occurrence: number
  /** Counts only groups that hold this step too. */
  readonly inGroup?: Step
}

export interface SidecarProcessOptions {
  /** Holds the ledger's data directory and the file with the phase. */
  readonly directory: string
  readonly port: number
  readonly emulatorUrl: string
  /** `metered` when absent. */
  readonly route?: 'metered' | 'saas'
  /** SIDECAR_* variables. */
  readonly settings?: Readonly<Record<string, string>>
  readonly killAt?: KillPoint | undefined
  /** It kills itself before it runs the n-th statement of SQLite. */
  readonly killAtStatement?: number | undefined
  readonly failDataSyncAfter?: number | undefined
  readonly hangDataSyncAfter?: number | undefined
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const probe = new URL('./phases/phase-probe.ts', import.meta.url).href
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** The real program, as a separate process, on a ledger that outlives it. */
export class SidecarProcess {
  readonly #child: ChildProcess
  readonly #phaseFile: string
  #isReady = false
  #ended: Exit | undefined
  /** Resolves when it listens, or when it has ended before that. */
  readonly ready: Promise<void>
  readonly exited: Promise<Exit>
  /** What it logged as an error, and what it wrote to standard error. */
  readonly complaints: string[] = []

  constructor(options: SidecarProcessOptions) {
    this.#phaseFile = phaseFileOf(options.directory)
    mkdirSync(options.directory, { recursive: true })
    rmSync(this.#phaseFile, { force: true })
    const child = spawn(process.execPath, argumentsOf(options), {
      cwd: root,
      env: { ...process.env, ...environmentOf(options) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    running.add(child)
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        running.delete(child)
        this.#ended = { code, signal }
        resolve({ code, signal })
      })
    })
    const listening = new Promise<void>((resolve) => {
      createInterface(child.stdout).on('line', (line) => {
        if (line.startsWith('{')) this.complaints.push(line)
        if (!line.startsWith('ready ')) return
        this.#isReady = true
        resolve()
      })
    })
    createInterface(child.stderr).on('line', (line) => this.complaints.push(line))
    this.ready = Promise.race([listening, this.exited.then(() => {})])
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get isReady(): boolean {
    return this.#isReady
  }

  get ended(): Exit | undefined {
    return this.#ended
  }

  /** Returns what it is doing, or was doing when it died. */
  get phase(): Phase {
    return decodePhase(
      existsSync(this.#phaseFile) ? readFileSync(this.#phaseFile) : new Uint8Array(),
    )
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

export function dataDirectoryOf(directory: string): string {
  return join(directory, 'data')
}

function phaseFileOf(directory: string): string {
  return join(directory, 'phase')
}

function argumentsOf({
  directory,
  port,
  emulatorUrl,
  route = 'metered',
}: SidecarProcessOptions): string[] {
  const options = {
    emulator: emulatorUrl,
    'data-dir': dataDirectoryOf(directory),
    port: `${port}`,
    'ops-port': '0',
    route,
  }
  return [
    '--import',
    probe,
    'src/main.ts',
    'demo',
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
  ]
}

function environmentOf({
  directory,
  settings,
  killAt,
  killAtStatement,
  failDataSyncAfter,
  hangDataSyncAfter,
}: SidecarProcessOptions): Record<string, string> {
  return {
    SIDECAR_SEAL_DELAY_SECONDS: '60',
    SIDECAR_SUBMIT_SPREAD_SECONDS: '60',
    ...settings,
    [probeVariables.phaseFile]: phaseFileOf(directory),
    ...(killAt === undefined ? {} : { [probeVariables.killAt]: textOf(killAt) }),
    ...(killAtStatement === undefined
      ? {}
      : { [probeVariables.killAtStatement]: `${killAtStatement}` }),
    ...(failDataSyncAfter === undefined
      ? {}
      : { [probeVariables.failDataSyncAfter]: `${failDataSyncAfter}` }),
    ...(hangDataSyncAfter === undefined
      ? {}
      : { [probeVariables.hangDataSyncAfter]: `${hangDataSyncAfter}` }),
  }
}

function textOf({ step, occurrence, inGroup }: KillPoint): string {
  return [step, occurrence, ...(inGroup === undefined ? [] : [inGroup])].join(':')
}
