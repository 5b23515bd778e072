import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { Chance } from '../../kill/chance.ts'
import { startEmulatedAws, type BilledRecord } from '../../kill/emulated-aws.ts'
import { findFreePort } from '../../kill/free-port.ts'
import { poll } from '../../kill/poll.ts'
import { ReportingClient, sumOf } from '../../kill/reporting-client.ts'
import { reconcileShared } from './reconcile-shared.ts'
import { countInFlight, isAllSent, readSharedBook, submitterOf } from './shared-book.ts'
import { SharedSidecar } from './shared-sidecar.ts'

export interface ClusterKillOptions {
  /** Of a database with the schema. */
  readonly url: string
  readonly sidecars: number
  readonly hours: number
  readonly seed: number
  readonly log: (line: string) => void
}

interface ClusterKillResult {
  readonly violations: readonly string[]
  readonly kills: number
  /** Kills that fell between the mark of a record and its answer. */
  readonly betweenMarkAndAnswer: number
  readonly acknowledgedReports: number
  readonly billedRecords: number
  /** Hours of a dimension that AWS has more than one record of. */
  readonly doubledHours: number
  readonly unresolved: number
}

interface Place {
  readonly identity: string
  readonly port: number
  sidecar: SharedSidecar
}

const leaseSeconds = 2
/** AWS takes this long, so that calls can be hit. */
const callMs = 300

/**
 * Sidecars whose usage is one record an hour, of which the one that seals and sends is killed in every hour:
 * before it has sealed, between mark and answer, or after.
 */
export async function runClusterKillTest(options: ClusterKillOptions): Promise<ClusterKillResult> {
  const { url, sidecars, hours, seed, log } = options
  // Each start costs this machine as much as a few reports: more sidecars need longer hours.
  const realHourMs = 5000 + sidecars * 150
  const aws = await startEmulatedAws(realHourMs)
  await aws.addFault({ delayMs: callMs, times: 1_000_000 })
  const folder = mkdtempSync(join(tmpdir(), 'sidecar-cluster-'))
  const productFile = join(folder, 'product.json')
  writeFileSync(productFile, JSON.stringify(clusterProduct))
  const chance = new Chance(seed)
  const start = ({ identity, port }: Pick<Place, 'identity' | 'port'>) =>
    new SharedSidecar({
      identity,
      port,
      emulatorUrl: aws.url,
      databaseUrl: url,
      leaseSeconds,
      productFile,
    })
  const places: Place[] = []
  const startOne = async (number: number) => {
    const place = { identity: `task-${number}`, port: await findFreePort() }
    const sidecar = start(place)
    places.push({ ...place, sidecar })
    await sidecar.ready
    if (sidecar.isEnded) throw new Error(`it did not start: ${sidecar.log.join('\n')}`)
  }
  // One a processor: a start is nothing but work.
  for (let number = 1; number <= sidecars; number += 2)
    await Promise.all([number, number + 1].filter((each) => each <= sidecars).map(startOne))
  const clients = places.map(
    ({ identity, port }, index) =>
      new ReportingClient({
        name: identity,
        port,
        chance: new Chance(seed + index),
        now: () => aws.now(),
        thinkMs: 30 * sidecars,
      }),
  )
  const working = clients.map((client) => client.run())
  const logs: string[] = []
  let between = 0
  const hourMs = 3_600_000
  const firstHour = Math.floor(aws.now() / hourMs) + 1
  for (let index = 0; index < hours; index += 1) {
    // Before the hour is sealed, which is a minute after its end, while it is, in the call, and long after.
    const minutes = chance.pick<number | 'call'>([0.5, 1, 1.1, 1.2, 'call', 'call', 'call', 15])
    const moment = (firstHour + index) * hourMs + (minutes === 'call' ? 0 : minutes * 60_000)
    await pause(Math.max(0, ((moment - aws.now()) / hourMs) * realHourMs))
    if (minutes === 'call') await untilInCall(url, realHourMs)
    const submitter = await submitterOf(url)
    const place = places.find(({ identity }) => `host:${identity}` === submitter)
    if (place === undefined) throw new Error(`no sidecar is the submitter ${submitter}`)
    place.sidecar.signal('SIGKILL')
    await place.sidecar.exited
    between += await countInFlight(url, `host:${place.identity}`)
    logs.push(...place.sidecar.log)
    // Most come back when the lease has ended, some before.
    await pause(chance.pick([0, leaseSeconds * 1200, leaseSeconds * 1200]))
    place.sidecar = start(place)
    await place.sidecar.ready
    if (index % 5 === 4) log(`${index + 1} hours, ${between} kills between mark and answer`)
  }
  for (const client of clients) client.stop()
  await Promise.all(working)
  await poll('everything is sent', 120_000, async () => ((await isAllSent(url)) ? true : undefined))
  for (const { sidecar } of places) sidecar.signal('SIGTERM')
  const exits = await Promise.all(places.map(({ sidecar }) => sidecar.exited))
  logs.push(...places.flatMap(({ sidecar }) => sidecar.log))
  const book = await readSharedBook(url)
  const billed = await aws.records()
  const unresolved = book.records.filter(({ state }) => state === 'unresolved').length
  const doubled = doubledHours(billed)
  const violations = [
    ...clients
      .flatMap((client) => client.violations)
      .filter((text) => !text.includes('OccurredAtTooOld')),
    ...reconcileShared(sumOf(clients.map((client) => client.acknowledged)), book, billed),
    ...doubled.map((hour) => `AWS has two records of ${hour}`),
    ...exits.filter((code) => code !== 0).map((code) => `SIGTERM ended one with ${code}`),
    ...logs.filter((line) => /"event":"ledger\.(?:imbalance|shared-id)"/.test(line)),
    ...(unresolved > between
      ? [`${unresolved} records are unresolved, and only ${between} attempts were hit`]
      : []),
  ]
  await aws.close()
  rmSync(folder, { recursive: true })
  return {
    violations,
    kills: hours,
    betweenMarkAndAnswer: between,
    acknowledgedReports: clients.reduce((sum, client) => sum + client.acknowledgedReports, 0),
    billedRecords: billed.length,
    doubledHours: doubled.length,
    unresolved,
  }
}

/** Waits for a call of the sidecar that sends, for half an hour at most. */
async function untilInCall(url: string, realHourMs: number): Promise<void> {
  const endsAt = performance.now() + realHourMs / 2
  while (performance.now() < endsAt) {
    const submitter = await submitterOf(url)
    if (submitter !== undefined && (await countInFlight(url, submitter)) > 0) return
    await pause(5)
  }
}

const clusterProduct = {
  productCode: demoProduct.productCode,
  route: 'metered',
  dimensions: demoProduct.dimensions.map((name) => ({ name, scope: 'cluster' })),
}

/** Hours of a dimension with several records, whichever task sent them. */
function doubledHours(billed: readonly BilledRecord[]): string[] {
  const byHour = Map.groupBy(
    billed,
    ({ dimension, hour }) => `${dimension} ${new Date(hour).toISOString()}`,
  )
  return [...byHour].filter(([, records]) => records.length > 1).map(([hour]) => hour)
}
