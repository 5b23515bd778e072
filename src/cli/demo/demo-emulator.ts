import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fromIso } from '../../kernel/clock.ts'
import { SidecarError, messageOf } from '../../kernel/errors.ts'
import { isExitCode } from '../exit-codes.ts'

export interface DemoEmulator {
  readonly url: string
  /** What its clock shows now, in ms, and how many times faster than real time it runs. */
  readonly now: number
  readonly rate: number
  readonly publicKeyPem: string
  /** Has it sell a product, which returns the product's key and customers there. */
  sell(product: SoldProduct): Promise<ListedProduct>
  /** Has it post the events of licences to a URL. */
  postEventsTo(url: string, token: string | undefined): Promise<void>
  /** Ends it if the demo started it. */
  close(): Promise<void>
}

/** A product as the emulator's control API accepts it. */
interface SoldProduct {
  readonly productCode: string
  readonly dimensions: readonly string[]
  readonly route: 'hourly' | 'metered' | 'both'
}

export interface ListedProduct {
  readonly publicKeyPem: string
  readonly customers: readonly {
    readonly licenseArn: string
    readonly registrationTokens: readonly string[]
  }[]
}

/** Connects to a running emulator: asks for its key and its clock. */
export async function connectEmulator(
  url: string,
  close: () => Promise<void> = () => Promise.resolve(),
): Promise<DemoEmulator> {
  try {
    const publicKeyPem = await (await get(`${url}/_emulator/public-key`)).text()
    const clock: unknown = await (await get(`${url}/_emulator/clock`)).json()
    return {
      url,
      publicKeyPem,
      close,
      ...parseClock(clock),
      sell: async (product) =>
        (await (await post(`${url}/_emulator/products`, product)).json()) as ListedProduct,
      postEventsTo: async (eventsUrl, eventsToken) => {
        const token = eventsToken ?? null
        await post(`${url}/_emulator/settings`, { eventsUrl, eventsToken: token })
      },
    }
  } catch (cause) {
    throw new SidecarError(
      'InvalidArguments',
      `No emulator answers at ${url} (${messageOf(cause)}). Leave --emulator out, or start one with:\nnpm run cli -- emulate`,
      { cause },
    )
  }
}

/**
 * Starts an emulator as a separate process. It ignores the signals of the terminal and ends when the
 * pipe to it closes: it outlives the last flush of the sidecar, but never the demo.
 */
export async function spawnEmulator(
  args: readonly string[],
  err: (line: string) => void,
): Promise<DemoEmulator> {
  const script = process.argv[1] ?? ''
  const child = spawn(
    process.execPath,
    [...process.execArgv, script, 'emulate', '--follow-stdin', ...args],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  )
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = await readyUrl(child, err)
  return connectEmulator(url, async () => {
    child.stdin?.end()
    await ended
  })
}

/** Where the emulator listens. If it ends before that, its own error is the error. */
function readyUrl(child: ChildProcess, err: (line: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const early: string[] = []
    let isReady = false
    child.once('error', reject)
    child.once('close', (code) => reject(endedEarly(early.join('\n'), code)))
    const { stdout, stderr } = child
    if (stdout === null || stderr === null)
      return reject(new TypeError('the emulator has no output'))
    createInterface(stderr).on('line', (line) => {
      if (isReady) err(line)
      else early.push(line)
    })
    createInterface(stdout).on('line', (line) => {
      const [, url] = /^emulator ready at (\S+)/.exec(line) ?? []
      if (url === undefined) return
      isReady = true
      resolve(url)
    })
  })
}

function endedEarly(printed: string, exitCode: number | null): SidecarError {
  const [, code = '', message = ''] = /^(\w+): ([^]+)$/.exec(printed) ?? []
  if (isExitCode(code)) return new SidecarError(code, message)
  const why = printed === '' ? `exit code ${exitCode}` : printed
  return new SidecarError('ListenFailed', `The emulator ended while it was starting: ${why}`)
}

async function post(url: string, body: object): Promise<Response> {
  const signal = AbortSignal.timeout(5000)
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body), signal })
  if (response.ok) return response
  throw new SidecarError(
    'InvalidArguments',
    `${url} answered ${response.status}, so the emulator cannot play this product. Start one of this version:\nnpm run cli -- emulate`,
  )
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
  throw new Error('its clock has no time and rate')
}
