import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fromIso } from '../../kernel/clock.ts'
import { SidecarError, messageOf } from '../../kernel/errors.ts'

export interface DemoEmulator {
  readonly url: string
  /** What its clock shows now, ms, and how many times as fast as real time it runs. */
  readonly now: number
  readonly rate: number
  readonly publicKeyPem: string
  /** Ends it, when the demo started it. */
  close(): Promise<void>
}

/** Asks a running emulator for its key and clock. */
export async function connectEmulator(
  url: string,
  close: () => Promise<void> = () => Promise.resolve(),
): Promise<DemoEmulator> {
  try {
    const publicKeyPem = await (await get(`${url}/_emulator/public-key`)).text()
    const clock: unknown = await (await get(`${url}/_emulator/clock`)).json()
    return { url, publicKeyPem, close, ...parseClock(clock) }
  } catch (cause) {
    throw new SidecarError(
      'InvalidArguments',
      `There is no emulator at ${url} (${messageOf(cause)}). Start one with "npm run cli -- emulate", or leave --emulator out.`,
      { cause },
    )
  }
}

/**
 * Starts an emulator as a process of its own. It ignores the signals of the terminal and ends when the
 * pipe to it closes, so that it outlives the last flush of the sidecar, and never outlives the demo.
 */
export async function spawnEmulator(args: readonly string[]): Promise<DemoEmulator> {
  const script = process.argv[1] ?? ''
  const child = spawn(
    process.execPath,
    [...process.execArgv, script, 'emulate', '--follow-stdin', ...args],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = await readyUrl(child)
  return connectEmulator(url, async () => {
    child.stdin?.end()
    await ended
  })
}

function readyUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) =>
      reject(new SidecarError('ListenFailed', `The emulator ended at once (exit code ${code}).`)),
    )
    if (child.stdout === null) return reject(new TypeError('the emulator has no output'))
    createInterface(child.stdout).on('line', (line) => {
      const [, url] = /^emulator ready at (\S+)/.exec(line) ?? []
      if (url !== undefined) resolve(url)
    })
  })
}

async function get(url: string): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return response
}

function parseClock(answer: unknown): { now: number; rate: number } {
  if (typeof answer === 'object' && answer !== null && 'now' in answer && 'rate' in answer) {
    const now = fromIso(String(answer.now))
    if (now !== undefined && typeof answer.rate === 'number') return { now, rate: answer.rate }
  }
  throw new Error('its clock could not be read')
}
