import { setTimeout as pause } from 'node:timers/promises'
import { Chance } from '../../kill/chance.ts'
import { startEmulatedAws, type BilledRecord } from '../../kill/emulated-aws.ts'
import { poll } from '../../kill/poll.ts'
import { ReportingClient, sumOf } from '../../kill/reporting-client.ts'
import { Cluster, type ClusterPlace } from './cluster.ts'
import { reconcileShared } from './reconcile-shared.ts'
import { countInFlight, findSubmitter, isAllSent, readSharedBook } from './shared-book.ts'

export interface ClusterKillOptions {
  /** Of a database with the schema. */
  readonly url: string
  readonly sidecars: number
  /** How many hours have a kill. */
  readonly hours: number
  readonly seed: number
  readonly log: (line: string) => void
}

interface ClusterKillResult {
  readonly violations: readonly string[]
  readonly kills: number
  /** Hours that passed without one, because the machine was too slow for them. */
  readonly hoursWithoutKill: number
  /** Kills that fell between the mark of a record and its answer. */
  readonly betweenMarkAndAnswer: number
  /** Processes that ended by themselves and were started again. */
  readonly endedAlone: number
  readonly acknowledgedReports: number
  readonly billedRecords: number
  /** Hours of a dimension that AWS has more than one record of. */
  readonly doubledHours: number
  readonly unresolved: number
}

/** AWS takes this long, so that calls can be hit. */
const callMs = 300
const hourMs = 3_600_000

/**
 * Sidecars whose usage is one record an hour, of which the one that seals and sends is killed in every hour:
 * before it has sealed, between mark and answer, or after. An hour is as long as a lease and a start take on
 * this machine. Where that is too short, an hour passes without a kill, and the run takes one more.
 */
export async function runClusterKillTest(options: ClusterKillOptions): Promise<ClusterKillResult> {
  const { url, sidecars, hours, seed, log } = options
  // Each renews its lease and looks after the others several times in one: many of them need longer ones.
  const leaseSeconds = Math.max(2, Math.ceil(sidecars / 5))
  const startMs = await Cluster.measureStart(url)
  const realHourMs = Math.round(1500 + leaseSeconds * 1200 + startMs * (1 + sidecars / 10))
  log(`a start takes ${Math.round(startMs)} ms, an hour ${realHourMs} ms`)
  const aws = await startEmulatedAws(realHourMs)
  await aws.addFault({ delayMs: callMs, times: 1_000_000 })
  const cluster = new Cluster({ url, emulatorUrl: aws.url, leaseSeconds })
  await cluster.start(sidecars)
  log('all have started')
  const clients = cluster.places.map(
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
  const chance = new Chance(seed)
  const firstHour = Math.floor(aws.now() / hourMs) + 1
  let hour = firstHour
  let between = 0
  for (let kills = 0; kills < hours; kills += 1, hour += 1) {
    // Before the hour is sealed, which is a minute after its end, while it is, in the call, and long after.
    const minutes = chance.pick<number | 'call'>([0.5, 1, 1.1, 1.2, 'call', 'call', 'call', 15])
    const afterMs = minutes === 'call' ? 0 : minutes * 60_000
    hour = Math.max(hour, Math.ceil((aws.now() - afterMs) / hourMs))
    const leftMs = ((hour * hourMs + afterMs - aws.now()) / hourMs) * realHourMs
    await pause(Math.max(0, leftMs))
    const place = await untilSubmitter(url, cluster, minutes === 'call' ? realHourMs / 2 : 0)
    place.sidecar.signal('SIGKILL')
    await place.sidecar.exited
    between += await countInFlight(url, `host:${place.identity}`)
    // Most come back when the lease has ended, some before.
    cluster.comeBack(place, chance.pick([0, leaseSeconds * 1200, leaseSeconds * 1200]))
    cluster.revive()
    // The next hour has its kill while they start, as long as most are there.
    await cluster.untilAway(Math.floor(sidecars / 4))
    if (kills % 5 === 4)
      log(`${kills + 1} kills in ${hour - firstHour + 1} hours, ${between} between mark and answer`)
  }
  await cluster.untilAway(0)
  for (const client of clients) client.stop()
  const stopped = Promise.all(working).then(() => true)
  await poll('all is acknowledged', 120_000, () => reviving(cluster, stopped))
  await poll('everything is sent', 120_000 + 3 * realHourMs, () =>
    reviving(cluster, isAllSent(url)),
  )
  await cluster.untilAway(0)
  const exits = await cluster.stop()
  const book = await readSharedBook(url)
  const billed = await aws.records()
  const unresolved = book.records.filter(({ state }) => state === 'unresolved').length
  const doubled = doubledHours(billed)
  const violations = [
    ...clients
      .flatMap((client) => client.violations)
      .filter((text) => !text.includes('OccurredAtTooOld')),
    ...reconcileShared(sumOf(clients.map((client) => client.acknowledged)), book, billed),
    ...doubled.map((text) => `AWS has two records of ${text}`),
    ...exits.filter((code) => code !== 0).map((code) => `SIGTERM ended one with ${code}`),
    ...cluster.logs.filter((line) => /"event":"ledger\.(?:imbalance|shared-id)"/.test(line)),
    ...(unresolved > between
      ? [`${unresolved} records are unresolved, and only ${between} attempts were hit`]
      : []),
  ]
  await aws.close()
  return {
    violations,
    kills: hours,
    hoursWithoutKill: hour - firstHour - hours,
    betweenMarkAndAnswer: between,
    endedAlone: cluster.endedAlone,
    acknowledgedReports: clients.reduce((sum, client) => sum + client.acknowledgedReports, 0),
    billedRecords: billed.length,
    doubledHours: doubled.length,
    unresolved,
  }
}

/** The sidecar that seals and sends, in a call of it if one begins within `callWithinMs`. */
async function untilSubmitter(
  url: string,
  cluster: Cluster,
  callWithinMs: number,
): Promise<ClusterPlace> {
  const endsAt = performance.now() + callWithinMs
  return poll('a sidecar is the submitter', 120_000, async () => {
    const submitter = await findSubmitter(url)
    if (submitter === undefined) return undefined
    const place = cluster.placeOf(submitter.identity)
    // The lease of one that was killed has not ended yet.
    if (place.sidecar.isEnded) return undefined
    return submitter.inFlight > 0 || performance.now() >= endsAt ? place : undefined
  })
}

/** Whether `done`; what has ended meanwhile is started again. */
async function reviving(cluster: Cluster, done: Promise<boolean>): Promise<true | undefined> {
  cluster.revive()
  const notYet = pause(500).then(() => false)
  return (await Promise.race([done, notYet])) ? true : undefined
}

/** Hours of a dimension with several records, whichever task sent them. */
function doubledHours(billed: readonly BilledRecord[]): string[] {
  const byHour = Map.groupBy(
    billed,
    ({ dimension, hour }) => `${dimension} ${new Date(hour).toISOString()}`,
  )
  return [...byHour].filter(([, records]) => records.length > 1).map(([hour]) => hour)
}
