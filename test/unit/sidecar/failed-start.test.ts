import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Settings } from '../../../src/config/settings.ts'
import type { Clock } from '../../../src/kernel/clock.ts'
import type { SidecarOptions } from '../../../src/sidecar/sidecar-options.ts'
import { startSidecar } from '../../../src/sidecar/start-sidecar.ts'
import { jsonSource } from '../../../src/sources/json/json-source.ts'
import type { Source } from '../../../src/sources/source.ts'
import { startEmulator, type Harness } from '../../service/emulator/harness.ts'
import { eventually } from '../../support/eventually.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { scratch } from '../../support/scratch.ts'
import { startOptions } from '../../support/sidecar/sidecar-harness.ts'

let aws: Harness
let timers: ManualClock
let dataDir: string
let ports: readonly [app: number, ops: number]

beforeEach(async () => {
  aws = await startEmulator()
  timers = new ManualClock()
  dataDir = mkdtempSync(join(scratch, 'failed-start-'))
  ports = [await freePort(), await freePort()]
})
afterEach(async () => {
  await aws.close()
  rmSync(dataDir, { recursive: true, force: true })
})

async function hold(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function freePort(): Promise<number> {
  const server = await hold(0)
  const address = server.address()
  await release(server)
  return typeof address === 'object' && address !== null ? address.port : 0
}

const release = (server: Server) => new Promise((resolve) => server.close(resolve))

function optionsOfThisTest(): SidecarOptions {
  const [app, ops] = ports
  const settings = {
    SIDECAR_LISTEN: `127.0.0.1:${app}`,
    SIDECAR_OPS_LISTEN: `127.0.0.1:${ops}`,
    SIDECAR_EMBEDDED_METRICS: 'true',
  }
  return startOptions(aws, dataDir, { settings, timers })
}

/** Starts with `changes`, expects that to fail for `cause`, and that nothing of it is left. */
async function expectNothingLeft(
  changes: Partial<SidecarOptions>,
  cause: unknown,
  repair: () => unknown = () => {},
): Promise<void> {
  await expect(startSidecar({ ...optionsOfThisTest(), ...changes })).rejects.toThrow(
    expect.objectContaining(cause as object),
  )
  await eventually(() => timers.waiting === 0 && aws.clock.waiting === 0)
  await repair()
  // The same directory, and the same ports.
  const sidecar = await startSidecar(optionsOfThisTest())
  const stopped = sidecar.stop()
  await timers.advance(5000)
  await stopped
}

/** These settings, whose `name` cannot be read: the part that reads it first cannot start. */
function unreadable(settings: Settings, name: keyof Settings): Settings {
  const get = () => {
    throw new Error(`no ${name}`)
  }
  return Object.defineProperty({ ...settings }, name, { get, enumerable: true })
}

/** The clock of the hours, on which nothing can wait for `refused`. */
function clockWithout(
  clock: Clock,
  refused: { readonly at?: number; readonly after?: number },
): Clock {
  return {
    now: () => clock.now(),
    elapsed: () => clock.elapsed(),
    at(instant, run) {
      if (instant === refused.at) throw new Error('no timer')
      return clock.at(instant, run)
    },
    after(ms, run) {
      if (ms === refused.after) throw new Error('no timer')
      return clock.after(ms, run)
    },
  }
}

describe('a start that fails leaves nothing behind', () => {
  test('when the platform cannot be found', () => {
    const { settings } = optionsOfThisTest()
    return expectNothingLeft({ settings: unreadable(settings, 'region') }, { message: 'no region' })
  })

  test('when the data directory cannot be used', async () => {
    rmSync(dataDir, { recursive: true })
    writeFileSync(dataDir, 'a file')
    await expectNothingLeft({}, { code: 'DataDirectoryUnusable' }, () => rmSync(dataDir))
  })

  test('when another sidecar has the ledger', async () => {
    const first = await startSidecar(startOptions(aws, dataDir, { timers }))
    await eventually(() => first.entitlement.snapshot().entitled)
    const second = startSidecar(optionsOfThisTest())
    await expect(second).rejects.toMatchObject({ code: 'LedgerInUse' })
    await first.stop()
    const third = await startSidecar(optionsOfThisTest())
    await third.stop()
  })

  test('when the client for AWS cannot be created', () => {
    const { settings } = optionsOfThisTest()
    return expectNothingLeft(
      { settings: unreadable(settings, 'awsTimeoutMs') },
      { message: 'no awsTimeoutMs' },
    )
  })

  test('when the entitlement cannot be proved without a public key', () => {
    const { settings } = optionsOfThisTest()
    const product = { ...settings.product, publicKeys: new Map() }
    return expectNothingLeft(
      { settings: { ...settings, product } },
      { message: 'route both needs a public key' },
    )
  })

  test('when the port of the ops listener is taken', async () => {
    const other = await hold(ports[1])
    await expectNothingLeft({}, { code: 'ListenFailed' }, () => release(other))
  })

  test('when the submission cannot be created', () => {
    const { settings } = optionsOfThisTest()
    return expectNothingLeft(
      { settings: unreadable(settings, 'sealDelayMs') },
      { message: 'no sealDelayMs' },
    )
  })

  test('when a source throws, and the sources before it are disposed of', async () => {
    let disposed = 0
    const before: Source = {
      name: 'before',
      start: () => ({ [Symbol.asyncDispose]: async () => void (disposed += 1) }),
    }
    const broken: Source = {
      name: 'broken',
      start() {
        throw new Error('no source')
      },
    }
    await expectNothingLeft({ sources: [before, jsonSource, broken] }, { message: 'no source' })
    expect(disposed).toBe(1)
  })

  test('when the port of the app listener is taken', async () => {
    const other = await hold(ports[0])
    await expectNothingLeft({}, { code: 'ListenFailed' }, () => release(other))
  })

  test('when the metrics for CloudWatch cannot start', () => {
    const clock = clockWithout(aws.clock, { after: 60_000 })
    return expectNothingLeft({ clock }, { message: 'no timer' })
  })

  test('when the schedule cannot start', () => {
    const clock = clockWithout(aws.clock, { at: Date.parse('2026-03-10T10:00:00Z') })
    return expectNothingLeft({ clock }, { message: 'no timer' })
  })

  test('when the line about the start cannot be written', () => {
    const log: SidecarOptions['log'] = (...[event]) => {
      if (event === 'sidecar.started') throw new Error('no log')
    }
    return expectNothingLeft({ log }, { message: 'no log' })
  })
})
