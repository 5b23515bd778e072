import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { databaseUrlOf } from '../../config/database-url-of.ts'
import type { Settings } from '../../config/settings.ts'
import { createFastClock, createSystemClock, toIso } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import { Events } from '../../kernel/events.ts'
import { fileReader } from '../../kernel/text/read-text.ts'
import { openStandardOutput } from '../../observe/log/create-log.ts'
import { latestInstant } from '../../store/sqlite/file/commands/latest-instant.ts'
import { fastClockNote } from '../../store/summary.ts'
import type { CliIo } from '../cli-io.ts'
import { showDuration } from '../duration.ts'
import { databaseUrl } from '../ledger/ledger-arguments.ts'
import { exitCodes } from '../exit-codes.ts'
import { runUntilSignal } from '../run-until-signal.ts'
import { docsAddress } from '../docs-address.ts'
import { version } from '../version.ts'
import { customerUsage, licenceEnds, registerCustomers } from './demo-customers.ts'
import { startDemoApplication, type DemoApplication } from './demo-application.ts'
import { connectEmulator, spawnEmulator, type DemoEmulator } from './demo-emulator.ts'
import { narrate } from './demo-narrator.ts'
import { demoCredentials, demoHelp, parseDemoOptions, type DemoOptions } from './demo-options.ts'
import { demoProductFile, type DemoProductFile } from './demo-product-file.ts'
import { demoSettings } from './demo-settings.ts'

/** The command `demo`. Resolves with the exit code. */
export async function demo(args: readonly string[], io: CliIo): Promise<number> {
  const options = parseDemoOptions(args)
  if (options === 'help') {
    io.out(demoHelp)
    return exitCodes.ok
  }
  // Taken over before the emulator runs, so that an early Ctrl-C ends both.
  let handler = () => {}
  let isEarly = false
  io.onSignal(() => {
    isEarly = true
    handler()
  })
  const ownIo: CliIo = {
    ...io,
    onSignal: (listener) => {
      handler = listener
      if (isEarly) listener()
    },
  }

  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'marketplace-sidecar-demo-'))
  let emulator: DemoEmulator | undefined
  try {
    emulator = await openEmulator(options, await prepareLedger(dataDir, io.env), io)
    return await runAgainst(emulator, options, dataDir, ownIo)
  } finally {
    await emulator?.close()
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
  }
}

async function runAgainst(
  emulator: DemoEmulator,
  options: DemoOptions,
  dataDir: string,
  io: CliIo,
): Promise<number> {
  const product = options.product ?? io.env['SIDECAR_PRODUCT_FILE']
  const file = await demoProductFile({ ...options, product }, emulator, fileReader)
  const clock = createFastClock(emulator.rate, emulator.now)
  const timers = createSystemClock()
  const { source } = options
  const application =
    source === undefined ? undefined : await startDemoApplication(source, { clock, timers })
  const env = {
    ...io.env,
    ...(application?.pageUrl && { SIDECAR_SCRAPE_URL: application.pageUrl }),
  }
  const settings = demoSettings(emulator, options, dataDir, env, file)
  let endApplication = () => {}
  const { log, out, drained, droppedLines } = openStandardOutput(
    { ...settings, docsUrl: settings.docsUrl ?? docsAddress },
    timers,
  )
  const events = new Events((error) => log('hooks.failed', messageOf(error)))
  narrate(events, out)
  const realHour = showDuration(3_600_000 / emulator.rate)
  try {
    return await runUntilSignal(
      {
        ...io,
        onSignal: (listener) =>
          io.onSignal(() => {
            endApplication()
            listener()
          }),
      },
      {
        settings,
        env: {},
        hostname: options.identity ?? hostname(),
        version,
        clock,
        timers,
        events,
        log,
        out,
        droppedLines,
        random: Math.random,
        randomBytes,
        credentials: demoCredentials(options.identity),
        listenOptions: { app: '--port', ops: '--ops-port' },
      },
      ({ appPort, opsPort, ledger }) => {
        const sidecar = { port: appPort, apiToken: settings.apiToken }
        application?.begin(sidecar)
        endApplication = () => void application?.end(sidecar)
        out(`page         http://localhost:${appPort}/`)
        out(
          `demo         an emulated AWS at ${emulator.url}; an hour lasts ${realHour}; it is ${toIso(emulator.now)} there`,
        )
        ledger.remember(fastClockNote, toIso(emulator.now)).catch((error: unknown) => {
          log('hooks.failed', messageOf(error))
        })
        const ports = { app: appPort, ops: opsPort }
        const lines = suggestions(ports, emulator.url, settings, { file, application }).map(
          (line) => withToken(line, appPort, io.env['SIDECAR_API_TOKEN_FILE']),
        )
        playCustomers(`http://127.0.0.1:${appPort}`, emulator, settings, file)
          .catch((error: unknown) => out(`customers    ${messageOf(error)}`))
          .finally(() => {
            for (const line of lines) out(line)
          })
      },
    )
  } finally {
    await drained()
  }
}

/** Plays the seller's application where the product has customers: registers them, and listens to AWS's events. */
async function playCustomers(
  app: string,
  emulator: DemoEmulator,
  { apiToken }: Settings,
  file: DemoProductFile | undefined,
): Promise<void> {
  if (file?.hasCustomers !== true) return
  await emulator.postEventsTo(`${app}/v1/events`, apiToken)
  await registerCustomers(app, file.listed, apiToken)
}

function suggestions(
  { app, ops }: { readonly app: number; readonly ops: number },
  emulatorUrl: string,
  settings: Settings,
  { file, application }: Partial<Played>,
): string[] {
  const directory = databaseUrlOf(settings) === undefined ? settings.dataDir : undefined
  return [
    `ready        the ledger is in ${directory ?? 'the database'}`,
    '',
    'Try, in another terminal:',
    `  curl -f localhost:${app}/v1/entitlement`,
    ...usageLines(`localhost:${app}`, settings, { file, application }),
    `  curl localhost:${app}/v1/usage`,
    `  curl localhost:${ops}/metrics`,
    `  curl ${emulatorUrl}/_emulator/records`,
    ...(directory === undefined ? [] : [`  npm run cli -- ledger show --data-dir ${directory}`]),
    ...(file?.hasCustomers === true
      ? licenceEnds(`localhost:${app}`, emulatorUrl, file.listed)
      : []),
    '',
  ]
}

/** A suggestion as it works where the sidecar wants a token. */
function withToken(line: string, port: number, tokenFile: string | undefined): string {
  return tokenFile === undefined || !line.includes(`localhost:${port}/`)
    ? line
    : `${line} -H "Authorization: Bearer $(cat ${tokenFile})"`
}

/** What the demo plays apart from AWS. */
interface Played {
  readonly file: DemoProductFile | undefined
  readonly application: DemoApplication | undefined
}

function usageLines(app: string, settings: Settings, { file, application }: Partial<Played>) {
  const { dimensions } = settings.product
  const dimension = dimensions[0]?.name ?? 'requests'
  if (application !== undefined)
    return [
      `  curl ${application.url}/        one more ${dimension}, ${application.says}`,
      ...(application.pageUrl === undefined ? [] : [`  curl ${application.url}/metrics`]),
    ]
  return file?.hasCustomers === true
    ? customerUsage(app, dimension)
    : dimensions
        // What comes from a source cannot be reported, and a unique one needs a member.
        .filter(({ from, aggregate }) => from === undefined && aggregate !== 'unique')
        .slice(0, 1)
        .map(({ name }) => `  curl -d '{"dimension":"${name}","quantity":3}' ${app}/v1/usage`)
}

/** Makes the schema of a shared ledger. Returns the latest instant that an earlier demo left in the ledger. */
async function prepareLedger(dataDir: string, env: CliIo['env']): Promise<number | undefined> {
  const url = databaseUrl(env)
  if (url === undefined) return latestInstant(dataDir)
  const { migrateDatabase } = await import('../../store/postgres/migrations/migrate-database.ts')
  await migrateDatabase(url, undefined)
  const { latestInstantOf } = await import('../../store/postgres/commands/latest-instant-of.ts')
  return latestInstantOf(url)
}

/** The emulated time never starts before the ledger's last hour: hours would run twice. */
function openEmulator(
  options: DemoOptions,
  latest: number | undefined,
  io: CliIo,
): Promise<DemoEmulator> {
  if (options.emulator !== undefined) return connectEmulator(options.emulator)
  const start = Math.max(createSystemClock().now(), latest ?? 0)
  const port = `${options.emulatorPort}`
  return spawnEmulator(['--port', port, '--hour', options.hour, '--start', toIso(start)], (line) =>
    io.err(line),
  )
}
