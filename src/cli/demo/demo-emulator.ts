import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fromIso } from '../../kernel/clock.ts'
import { SidecarError, messageOf } from '../../kernel/errors.ts'

export interface DemoEmulator {
  readonly url: string
  /** What its clock shows now, in ms, and how many times faster than real time it runs. */
  readonly now: number
  readonly rate: number
  readonly publicKeyPem: string
  /** Has it sell a product, which returns the product's key and customers there. */
  sell(product: SoldProduct): Promise<ListedProduct>
  /** Has it post the events of licences to a URL. */
  postEventsTo(url: string): Promise<void>
  /** Ends it if the demo started it. */
  close(): Promise<void>
}

/** A product as the emulator's control API accepts it. */
export interface SoldProduct {
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
      postEventsTo: async (eventsUrl) => {
        await post(`${url}/_emulator/settings`, { eventsUrl })
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
      reject(
        new SidecarError(
          'ListenFailed',
          `The emulator ended while it was starting (exit code ${code}).`,
        ),
      ),
    )
    if (child.stdout === null) return reject(new TypeError('the emulator has no output'))
    createInterface(child.stdout).on('line', (line) => {
      const [, url] = /^emulator ready at (\S+)/.exec(line) ?? []
      if (url !== undefined) resolve(url)
    })
  })
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
