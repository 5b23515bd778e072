import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { startEmulatedAws } from '../kill/emulated-aws.ts'
import { poll } from '../kill/poll.ts'
import {
  demoAddresses,
  postUsage,
  root,
  startCommand,
  statusOf,
} from '../support/program/program.ts'
import { openScene, terminate, type Scene } from './scene.ts'

const realHourMs = 60_000
const limitMs = 60_000
const ended = { code: 0, signal: null }

test.concurrent(
  'what an application reports for two seconds after SIGTERM is taken and billed',
  async (context) => {
    const scene = await openScene(context, realHourMs, 4)
    const sidecar = await scene.startReady({
      settings: {
        SIDECAR_DRAIN_QUIET_MS: '500',
        SIDECAR_DRAIN_DELAY_MS: '20000',
        SIDECAR_SHUTDOWN_TIMEOUT_MS: '30000',
      },
    })
    await scene.reportsFromEach(10)
    const before = reportsOf(scene)
    sidecar.kill('SIGTERM')
    const until = performance.now() + 2000
    await poll('two seconds', 3000, () => (performance.now() >= until ? true : undefined))
    await scene.finishReporting()
    expect(reportsOf(scene)).toBeGreaterThan(before + 50)

    expect(await sidecar.exited).toEqual(ended)
    expect(sidecar.complaints).toEqual([])
    const { open, records } = scene.book()
    expect([...open.keys()]).toEqual([])
    expect(new Set(records.map(({ state }) => state))).toEqual(new Set(['accepted']))
    await scene.expectBalanced()
  },
  limitMs,
)

test.concurrent(
  'an application that never falls silent loses nothing: the drain ends, the next start takes the rest',
  async (context) => {
    const scene = await openScene(context, realHourMs, 4)
    const first = await scene.startReady({ settings: { SIDECAR_DRAIN_DELAY_MS: '600' } })
    await scene.reportsFromEach(10)
    expect(await terminate(first)).toEqual(ended)
    expect(first.complaints).toEqual([])
    scene.expectAcknowledgedInBook()

    const second = await scene.startReady()
    await scene.reportsFromEach(10)
    await scene.finishReporting()
    expect(await terminate(second)).toEqual(ended)
    await scene.expectBalanced()
  },
  limitMs,
)

test.concurrent(
  'what cannot be sent before the deadline stays in the ledger, and the next start sends it',
  async (context) => {
    const scene = await openScene(context, realHourMs)
    await scene.aws.addFault({ drop: 'before', times: 1_000_000 })
    const first = await scene.startReady({
      settings: { SIDECAR_DRAIN_QUIET_MS: '0', SIDECAR_SHUTDOWN_TIMEOUT_MS: '1500' },
    })
    await scene.reportsFromEach(10)
    await scene.finishReporting()
    expect(await terminate(first)).toEqual(ended)
    expect(await scene.aws.records()).toEqual([])
    expect(scene.book().records.length).toBeGreaterThan(0)
    await scene.expectBalanced()

    const recovered = await startEmulatedAws(realHourMs, scene.aws.now())
    const second = await scene.startReady({ emulatorUrl: recovered.url })
    expect(await terminate(second)).toEqual(ended)
    expect(new Set(scene.book().records.map(({ state }) => state))).toEqual(new Set(['accepted']))
    await scene.expectBalanced(recovered)
    await recovered.close()
  },
  limitMs,
)

test.concurrent(
  'a call that is under way at the deadline is cut off, and the next start makes it again',
  async (context) => {
    const scene = await openScene(context, realHourMs)
    const first = await scene.startReady({
      settings: {
        SIDECAR_DRAIN_QUIET_MS: '0',
        SIDECAR_DRAIN_DELAY_MS: '0',
        SIDECAR_SHUTDOWN_TIMEOUT_MS: '1000',
        SIDECAR_AWS_TIMEOUT_MS: '60000',
      },
    })
    await scene.reportsFromEach(10)
    await scene.finishReporting()
    await scene.aws.addFault({ delayMs: 3000, times: 2 })
    expect(await terminate(first)).toEqual(ended)
    expect(first.complaints).toEqual([])
    expect(scene.book().records.map(({ state }) => state)).toContain('sending')

    const second = await scene.startReady()
    expect(await terminate(second)).toEqual(ended)
    expect(new Set(scene.book().records.map(({ state }) => state))).toEqual(new Set(['accepted']))
    await scene.expectBalanced()
  },
  limitMs,
)

test.concurrent(
  'a process that keeps the book for eight seconds at the end leaves nothing unsent',
  async (context) => {
    const scene = await openScene(context, realHourMs)
    const sidecar = await scene.startReady({
      settings: { SIDECAR_DRAIN_QUIET_MS: '0', SIDECAR_SHUTDOWN_TIMEOUT_MS: '20000' },
    })
    await scene.reportsFromEach(10)
    await scene.finishReporting()
    const other = new DatabaseSync(join(scene.dataDirectory, 'ledger.db'), { timeout: 5000 })
    other.exec('BEGIN IMMEDIATE')
    sidecar.kill('SIGTERM')
    const until = performance.now() + 8000
    await poll('eight seconds', 9000, () => (performance.now() >= until ? true : undefined))
    other.exec('ROLLBACK')
    other.close()

    expect(await sidecar.exited).toEqual(ended)
    const { open, records } = scene.book()
    expect([...open.keys()]).toEqual([])
    expect(new Set(records.map(({ state }) => state))).toEqual(new Set(['accepted']))
    await scene.expectBalanced()
  },
  limitMs,
)

test.concurrent(
  'a volume that hangs holds up no shutdown: the process is gone in time, and the next start has every acknowledged report',
  async (context) => {
    const scene = await openScene(context, realHourMs)
    const settings = {
      SIDECAR_DRAIN_QUIET_MS: '0',
      SIDECAR_DRAIN_DELAY_MS: '0',
      SIDECAR_SHUTDOWN_TIMEOUT_MS: '1000',
    }
    const first = await scene.startReady({ settings, hangDataSyncAfter: 60 })
    await scene.reportsFromEach(5)
    await poll(
      'a flush hangs',
      20_000,
      () => first.complaints.includes('a flush hangs') || undefined,
    )
    expect(await terminate(first)).toEqual({ code: null, signal: 'SIGKILL' })
    expect(first.complaints.join('\n')).toContain('"event":"sidecar.overdue"')

    const second = await scene.startReady()
    await scene.finishReporting()
    expect(await terminate(second)).toEqual(ended)
    await scene.expectBalanced()
  },
  limitMs,
)

test.concurrent(
  'SIGUSR1 opens no debugger with the flags of the image, and SIGHUP drains as SIGTERM does',
  async () => {
    const [, entry = ''] =
      /^ENTRYPOINT (\[.*"\/app\/main\.js"\])$/m.exec(
        readFileSync(join(root, 'Dockerfile'), 'utf8'),
      ) ?? []
    const flags = (JSON.parse(entry) as string[]).slice(1, -1)
    const ports = ['--port', '0', '--ops-port', '0', '--emulator-port', '0']
    const program = startCommand(process.execPath, [...flags, 'src/main.ts', 'demo', ...ports])
    const { app, ops } = await demoAddresses(program)
    program.signal('SIGUSR1')
    expect(await postUsage(app, { dimension: 'requests', quantity: 3 })).toBe(200)
    expect(await statusOf(`${ops}/livez`)).toBe(200)
    program.signal('SIGHUP')
    const { code, err, out } = await program.ended
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('sent')
  },
  limitMs,
)

function reportsOf({ clients }: Scene): number {
  return clients.reduce((sum, client) => sum + client.acknowledgedReports, 0)
}
