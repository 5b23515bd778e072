import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createFastClock, createSystemClock, toIso } from '../../kernel/clock.ts'
import { loadSettings } from '../../config/load-settings.ts'
import type { Environment, Settings } from '../../config/settings.ts'
import { fileReader } from '../../kernel/read-text.ts'
import { routeNames, routeOf, routesThat, type Route } from '../../product/routes.ts'
import { demoProduct } from '../../emulator/demo-product.ts'
import { SidecarError, messageOf } from '../../kernel/errors.ts'
import { Events } from '../../kernel/events.ts'
import { latestInstant } from '../../store/sqlite/latest-instant.ts'
import { createLog } from '../../observe/log/create-log.ts'
import type { CliIo } from '../cli-io.ts'
import { connectEmulator, spawnEmulator, type DemoEmulator } from './demo-emulator.ts'
import { narrate } from './demo-narrator.ts'
import { parseDuration, showDuration } from '../duration.ts'
import { runUntilSignal } from '../run/run.ts'
import { version } from '../version.ts'

export const demoHelp = `Runs the sidecar against an emulated AWS on this machine.

usage: marketplace-sidecar demo [options]

  --hour <duration>       how long an hour lasts: 20s, 1m, 1h (1m)
  --route <route>         ${routesThat(() => true, 'or')} (both)
  --port <n>              the application's port (7070)
  --ops-port <n>          health and metrics (9464)
  --emulator-port <n>     the emulated AWS (7071)
  --emulator <url>        use this running emulator, and its clock, instead of starting one
  --data-dir <directory>  keep the ledger here (default: a temporary one, deleted at the end)

Ctrl-C ends it: the sidecar sends the open hour first. SIDECAR_* variables apply.`

const publicKeyFile = '/demo/public-key.pem'
/** The emulator takes an access key for a task or pod. */
const credentials = { accessKeyId: 'AKIADEMOTASKORPOD001', secretAccessKey: 'demo' }

/** The command `demo`. Resolves with the exit code. */
export async function demo(args: readonly string[], io: CliIo): Promise<number> {
  const options = parseOptions(args)
  if (options === 'help') {
    io.out(demoHelp)
    return 0
  }
  // Taken over before the emulator is there, so that an early Ctrl-C ends both.
  let handler: (signal: 'SIGINT' | 'SIGTERM') => void = () => {}
  let early: 'SIGINT' | 'SIGTERM' | undefined
  io.onSignal((signal) => {
    early = signal
    handler(signal)
  })
  const ownIo: CliIo = {
    ...io,
    onSignal: (listener) => {
      handler = listener
      if (early !== undefined) listener(early)
    },
  }

  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'marketplace-sidecar-demo-'))
  const emulator = await openEmulator(options, dataDir)
  try {
    return await runAgainst(emulator, options, dataDir, ownIo)
  } finally {
    await emulator.close()
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
  }
}

async function runAgainst(
  emulator: DemoEmulator,
  options: DemoOptions,
  dataDir: string,
  io: CliIo,
): Promise<number> {
  const settings = settingsFor(emulator, options, dataDir, io.env)
  const log = createLog(settings.logLevel)
  const events = new Events((error) => log('hooks.failed', messageOf(error)))
  narrate(events, (line) => io.out(line))
  const realHour = showDuration(3_600_000 / emulator.rate)
  io.out(
    `demo         an emulated AWS at ${emulator.url}; an hour lasts ${realHour}; it is ${toIso(emulator.now)} there`,
  )
  return runUntilSignal(
    io,
    {
      settings,
      env: {},
      hostname: hostname(),
      version,
      clock: createFastClock(emulator.rate, emulator.now),
      timers: createSystemClock(),
      ticks: 'clock',
      events,
      log,
      out: (line) => io.out(line),
      random: Math.random,
      randomBytes,
      credentials,
    },
    ({ appPort, opsPort }) => {
      const lines = suggestions({ app: appPort, ops: opsPort }, emulator.url, settings)
      for (const line of lines) io.out(line)
    },
  )
}

function suggestions(
  { app, ops }: { readonly app: number; readonly ops: number },
  emulatorUrl: string,
  { product, dataDir }: Settings,
): string[] {
  const [first] = product.dimensions
  return [
    `ready        the ledger is in ${dataDir}`,
    '',
    'Try, in another terminal:',
    `  curl -f localhost:${app}/v1/entitlement`,
    `  curl -d '{"dimension":"${first?.name ?? 'requests'}","quantity":3}' localhost:${app}/v1/usage`,
    `  curl localhost:${app}/v1/usage`,
    `  curl localhost:${ops}/metrics`,
    `  curl ${emulatorUrl}/_emulator/records`,
    '',
  ]
}

interface DemoOptions {
  readonly hour: string
  readonly route: Route
  readonly port: number
  readonly opsPort: number
  readonly emulatorPort: number
  readonly emulator: string | undefined
  readonly dataDir: string | undefined
}

function parseOptions(args: readonly string[]): DemoOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hour: { type: 'string', default: '1m' },
      route: { type: 'string', default: 'both' },
      port: { type: 'string', default: '7070' },
      'ops-port': { type: 'string', default: '9464' },
      'emulator-port': { type: 'string', default: '7071' },
      emulator: { type: 'string' },
      'data-dir': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  if (parseDuration(values.hour) === undefined)
    throw new SidecarError(
      'InvalidArguments',
      `--hour must be a duration such as 20s or 1m, not ${values.hour}`,
    )
  const route = routeNames.find((known) => known === values.route)
  if (route === undefined)
    throw new SidecarError(
      'InvalidArguments',
      `--route must be ${routeNames.join(', ')}, not ${values.route}`,
    )
  const dataDir = values['data-dir']
  return {
    hour: values.hour,
    route,
    port: portOf('--port', values.port),
    opsPort: portOf('--ops-port', values['ops-port']),
    emulatorPort: portOf('--emulator-port', values['emulator-port']),
    emulator: values.emulator?.replace(/\/+$/, ''),
    dataDir: dataDir === undefined ? undefined : resolve(dataDir),
  }
}

function portOf(name: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new SidecarError(
    'InvalidArguments',
    `${name} must be a number from 0 to 65535, not ${text}`,
  )
}

/** The emulated time never goes back behind what the ledger has seen: its hours would run twice. */
function openEmulator(options: DemoOptions, dataDir: string): Promise<DemoEmulator> {
  if (options.emulator !== undefined) return connectEmulator(options.emulator)
  const start = Math.max(createSystemClock().now(), latestInstant(dataDir) ?? 0)
  return spawnEmulator([
    '--port',
    `${options.emulatorPort}`,
    '--hour',
    options.hour,
    '--start',
    toIso(start),
  ])
}

/** The demo's settings; SIDECAR_* variables of the environment override those that are not options. */
function settingsFor(
  emulator: DemoEmulator,
  { route, port, opsPort }: DemoOptions,
  dataDir: string,
  env: Environment,
): Settings {
  const given = Object.entries(env).filter(([name]) => name.startsWith('SIDECAR_'))
  const demoEnv = {
    SIDECAR_REGION: 'us-east-1',
    SIDECAR_DRAIN_QUIET_MS: '300',
    SIDECAR_DRAIN_DELAY_MS: '1500',
    SIDECAR_SHUTDOWN_TIMEOUT_MS: '4000',
    SIDECAR_LOG_LEVEL: 'error',
    SIDECAR_PRODUCT_CODE: demoProduct.productCode,
    SIDECAR_DIMENSIONS: demoProduct.dimensions.join(','),
    ...Object.fromEntries(given),
    SIDECAR_LISTEN: `127.0.0.1:${port}`,
    SIDECAR_OPS_LISTEN: `127.0.0.1:${opsPort}`,
    SIDECAR_DATA_DIR: dataDir,
    SIDECAR_ROUTE: route,
    SIDECAR_AWS_ENDPOINT: emulator.url,
    ...(routeOf(route).needs.includes('publicKeys') && {
      SIDECAR_PUBLIC_KEY_FILE: publicKeyFile,
      SIDECAR_PUBLIC_KEY_VERSION: String(demoProduct.publicKeyVersion),
    }),
  }
  return loadSettings(demoEnv, {
    readText: (path) =>
      path === publicKeyFile ? emulator.publicKeyPem : fileReader.readText(path),
  })
}
