import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFastClock, createSystemClock, toIso } from '../../kernel/clock.ts'
import { messageOf, SidecarError } from '../../kernel/errors.ts'
import { Events } from '../../kernel/events.ts'
import { fileReader } from '../../kernel/text/read-text.ts'
import { openStandardOutput } from '../../observe/log/create-log.ts'
import { latestInstant } from '../../store/sqlite/file/commands/latest-instant.ts'
import { fastClockNote } from '../../store/summary.ts'
import type { CliIo } from '../cli-io.ts'
import { databaseUrl } from '../ledger/ledger-arguments.ts'
import { exitCodes } from '../exit-codes.ts'
import { runUntilSignal } from '../run-until-signal.ts'
import { docsAddress } from '../docs-address.ts'
import { version } from '../version.ts'
import { startDemoApplication } from './demo-application.ts'
import { connectEmulator, spawnEmulator, type DemoEmulator } from './demo-emulator.ts'
import { introduce } from './demo-introduction.ts'
import { narrate } from './demo-narrator.ts'
import { demoCredentials, demoHelp, parseDemoOptions, type DemoOptions } from './demo-options.ts'
import { demoProductFile } from './demo-product-file.ts'
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
  } catch (error) {
    throw withOptionNames(error)
  } finally {
    await emulator?.close()
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
  }
}

/** What a person can change of the demo are its options; the setting is what the demo made of one. */
function withOptionNames(error: unknown): unknown {
  if (!(error instanceof SidecarError)) return error
  const message = error.message.replaceAll('SIDECAR_DATA_DIR', '--data-dir')
  return new SidecarError(error.code, message, { cause: error })
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
      (sidecar) => {
        const shown = { port: sidecar.appPort, apiToken: settings.apiToken }
        application?.begin(shown)
        endApplication = () => void application?.end(shown)
        sidecar.ledger.remember(fastClockNote, toIso(emulator.now)).catch((error: unknown) => {
          log('hooks.failed', messageOf(error))
        })
        introduce({ sidecar, emulator, settings, file, application, io, out })
      },
    )
  } finally {
    await drained()
  }
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
