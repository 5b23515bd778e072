import { helpOption, invalidArguments, readArguments } from '../command-line.ts'
import { fromIso } from '../../kernel/clock.ts'
import { demoProduct } from '../../emulator/demo-product.ts'
import { createEmulator, type EmulatorOptions } from '../../emulator/emulator-server.ts'
import { readScenario } from '../../emulator/scenario/read-scenario.ts'
import type { SidecarError } from '../../kernel/errors.ts'
import { hourMs } from '../../metering/hour.ts'
import type { CliIo } from '../cli-io.ts'
import { exitCodes } from '../exit-codes.ts'
import { pastClosedPipe } from '../past-closed-pipe.ts'
import { parseDuration, showDuration } from '../duration.ts'

const help = `Runs the AWS Marketplace Metering Service on this machine, for development and tests.

usage: marketplace-sidecar emulate [options]

  --scenario <file>      products, buyers, tasks, customers and faults: .yaml or .json
  --port <n>             port to listen on, 0 for any free one (7071)
  --host <address>       address to listen on (127.0.0.1)
  --hour <duration>      how long an hour lasts: 500ms, 20s, 1m, 1h (1h)
  --start <time>         what its clock shows at first, such as 2026-03-10T09:15:00Z (now)
  --product-code <code>  the product (${demoProduct.productCode})
  --dimension <name>     a metered dimension; may be given several times (${demoProduct.dimensions.join(', ')})
  --region <region>      where the task or pod runs (where its first call was signed for)
  --follow-stdin         ignore SIGINT and SIGTERM, and end when standard input ends
  --log-calls            print a line for each call
  --help                 this text

Inspect and control it under /_emulator/: records, calls, public-key, clock, faults, settings,
products, customers, events, reset. docs/reference/emulator.md describes everything.`

interface EmulateSettings {
  readonly port: number
  readonly host: string
  /** How long an hour lasts on this machine. */
  readonly realHourMs: number
  readonly followStdin: boolean
  readonly logCalls: boolean
  readonly emulator: EmulatorOptions
}

/**
 * Runs the command `emulate`. Resolves with the exit code when it has ended. Throws ListenFailed, and
 * InvalidArguments.
 */
export async function emulate(args: readonly string[], io: CliIo): Promise<number> {
  const settings = await parseOptions(args)
  if (settings === 'help') {
    io.out(help)
    return exitCodes.ok
  }
  const ended = waitForEnd(io, settings.followStdin)
  // Calls are answered also when no one reads about them any more.
  const calls = pastClosedPipe(io)
  const emulator = await createEmulator({
    ...settings.emulator,
    ...(settings.logCalls ? { log: (line: string) => calls.out(line) } : {}),
  })
  try {
    const { url } = await emulator.listen(
      settings.port,
      settings.host,
      settings.followStdin ? '--emulator-port' : '--port',
    )
    io.out(`emulator ready at ${url} (an hour lasts ${showDuration(settings.realHourMs)})`)
    await ended
  } finally {
    await emulator.close()
  }
  return exitCodes.ok
}

/** With `followStdin` the emulator outlives the last flush of a sidecar that gets the same signal. */
function waitForEnd(io: CliIo, followStdin: boolean): Promise<void> {
  return new Promise((resolve) => {
    io.onSignal(() => {
      if (!followStdin) resolve()
    })
    if (!followStdin) return
    const finish = () => resolve()
    io.stdin.once('end', finish).once('close', finish).once('error', finish).resume()
  })
}

/** Every option of the command, as the command line reads them. */
export const emulateOptions = {
  scenario: { type: 'string' },
  port: { type: 'string', default: '7071' },
  host: { type: 'string', default: '127.0.0.1' },
  hour: { type: 'string' },
  start: { type: 'string' },
  'product-code': { type: 'string' },
  dimension: { type: 'string', multiple: true },
  region: { type: 'string' },
  'follow-stdin': { type: 'boolean', default: false },
  'log-calls': { type: 'boolean', default: false },
  help: helpOption,
} as const

async function parseOptions(args: readonly string[]): Promise<EmulateSettings | 'help'> {
  const { values } = readArguments('emulate', args, { options: emulateOptions })
  if (values.help) return 'help'
  const { start, region, scenario, dimension: dimensions, 'product-code': productCode } = values
  if (scenario !== undefined && (dimensions ?? productCode) !== undefined) {
    throw invalid('--product-code and --dimension do not go with --scenario')
  }
  const port = parsePort(values.port)
  const hour = values.hour === undefined ? undefined : parseHour(values.hour)
  const startAt = start === undefined ? undefined : parseStart(start)
  const world: EmulatorOptions =
    scenario === undefined
      ? {
          products: [
            {
              ...demoProduct,
              productCode: productCode ?? demoProduct.productCode,
              dimensions: dimensions ?? demoProduct.dimensions,
            },
          ],
        }
      : await readScenario(scenario)
  const rate = hour === undefined ? (world.rate ?? 1) : hourMs / hour
  return {
    port,
    host: values.host,
    realHourMs: hourMs / rate,
    followStdin: values['follow-stdin'],
    logCalls: values['log-calls'],
    emulator: {
      ...world,
      rate,
      ...(startAt === undefined ? {} : { startAt }),
      ...(region === undefined ? {} : { region }),
    },
  }
}

function parseHour(text: string): number {
  const hour = parseDuration(text)
  if (hour !== undefined) return hour
  throw invalid(`--hour must be a duration such as 20s or 1h, not ${text}`)
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (port <= 65_535) return port
  throw invalid(`--port must be a number from 0 to 65535, not ${text}`)
}

function parseStart(text: string): number {
  const start = fromIso(text)
  if (start !== undefined) return start
  throw invalid(`--start must be a time such as 2026-03-10T09:15:00Z, not ${text}`)
}

function invalid(message: string): SidecarError {
  return invalidArguments(`${message}.`, 'emulate')
}
