import { setTimeout as pause } from 'node:timers/promises'
import { Chance } from '../../kill/chance.ts'
import { startEmulatedAws, type EmulatedAws } from '../../kill/emulated-aws.ts'
import { findFreePort } from '../../kill/free-port.ts'
import { poll } from '../../kill/poll.ts'
import { ReportingClient, sumOf } from '../../kill/reporting-client.ts'
import { crashServer, startServer, type PostgresServer } from '../support/server.ts'
import { CuttingProxy } from '../support/cutting-proxy.ts'
import { reconcileShared } from './reconcile-shared.ts'
import { countInFlight, isAllSent, readSharedBook } from './shared-book.ts'
import { SharedSidecar } from './shared-sidecar.ts'

export interface SharedKillOptions {
  readonly server: PostgresServer
  /** Of a database with the schema. */
  readonly url: string
  readonly kills: number
  readonly seed: number
  readonly log: (line: string) => void
}

export interface SharedKillResult {
  readonly violations: readonly string[]
  /** How often each thing was done. */
  readonly done: ReadonlyMap<Deed, number>
  /** Kills and pauses that fell between the mark of a record and its answer. */
  readonly betweenMarkAndAnswer: number
  readonly acknowledgedReports: number
  readonly unresolved: number
  readonly takenOver: number
  /** Connections that were cut in a commit, before and after the server had it. */
  readonly cuts: { readonly before: number; readonly after: number }
}

/** What is done to one of the sidecars, or to the server. */
const deeds = [
  'kill',
  'kill in a call',
  'kill in a call',
  'pause',
  'pause in a call',
  'server crash',
  'cut before commit',
  'cut after commit',
] as const
type Deed = (typeof deeds)[number]

const realHourMs = 4000
const leaseSeconds = 2
/** AWS takes this long, so that calls can be hit. */
const callMs = 400

/** One place of a task: its port and its way to the server stay, its processes come and go. */
interface Place {
  readonly identity: string
  readonly port: number
  readonly proxy: CuttingProxy
  readonly url: string
  sidecar: SharedSidecar
  /** While it is killed or paused: resolves when it works again. */
  back: Promise<void> | undefined
}

/** Three sidecars on one ledger, each under load, of which one after the other is killed, paused or cut off. */
export async function runSharedKillTest(options: SharedKillOptions): Promise<SharedKillResult> {
  const { kills, seed, server, url, log } = options
  const aws = await startEmulatedAws(realHourMs)
  const chance = new Chance(seed)
  const slowCalls = () => aws.addFault({ delayMs: callMs, times: 1_000_000 })
  await slowCalls()
  const places = await Promise.all(['a', 'b', 'c'].map((name) => makePlace(name, options, aws)))
  await Promise.all(places.map(({ sidecar }) => sidecar.ready))
  const clients = places.flatMap(({ identity, port }) =>
    [1, 2].map(
      (index) =>
        new ReportingClient({
          name: `${identity}${index}`,
          port,
          chance: new Chance(seed + port + index),
          now: () => aws.now(),
          thinkMs: 30,
        }),
    ),
  )
  const working = clients.map((client) => client.run())
  const done = new Map<Deed, number>()
  const logs: string[] = []
  let between = 0
  for (let kill = 1; kill <= kills; kill += 1) {
    const deed = deeds[kill % deeds.length] ?? 'kill'
    const place = chance.pick(await atWork(places))
    done.set(deed, (done.get(deed) ?? 0) + 1)
    const { hit, back } = await commit(deed, place, { url, server, chance, aws })
    between += hit
    // Meanwhile something happens to another one.
    place.back = Promise.resolve(back)
      .then(async () => {
        if (!place.sidecar.isEnded) return
        logs.push(...place.sidecar.log)
        place.sidecar = startSidecar(place, aws)
        await place.sidecar.ready
      })
      .finally(() => {
        place.back = undefined
      })
    await pause(chance.integer(50, 600))
    if (kill % 10 === 0) log(`${kill} done, ${between} between mark and answer`)
  }
  await Promise.all(places.flatMap(({ back }) => back ?? []))
  for (const place of places) if (place.sidecar.isEnded) place.sidecar = startSidecar(place, aws)
  for (const client of clients) client.stop()
  await Promise.all(working)
  await poll('everything is sent', 120_000, async () => ((await isAllSent(url)) ? true : undefined))
  for (const { sidecar } of places) sidecar.signal('SIGTERM')
  const exits = await Promise.all(places.map(({ sidecar }) => sidecar.exited))
  logs.push(...places.flatMap(({ sidecar }) => sidecar.log))
  const book = await readSharedBook(url)
  const acknowledged = sumOf(clients.map((client) => client.acknowledged))
  const unresolved = book.records.filter(({ state }) => state === 'unresolved').length
  const violations = [
    // Its own hour may be over for good when a report was repeated for as long as its sidecar was away.
    ...clients
      .flatMap((client) => client.violations)
      .filter((text) => !text.includes('OccurredAtTooOld')),
    ...reconcileShared(acknowledged, book, await aws.records()),
    ...exits.filter((code) => code !== 0).map((code) => `SIGTERM ended one with ${code}`),
    ...logs.filter((line) => /"event":"ledger\.(?:imbalance|shared-id)"/.test(line)),
    ...(unresolved > between
      ? [`${unresolved} records are unresolved, and only ${between} attempts were hit`]
      : []),
  ]
  await aws.close()
  for (const { proxy } of places) await proxy.close()
  return {
    violations,
    done,
    betweenMarkAndAnswer: between,
    acknowledgedReports: clients.reduce((sum, client) => sum + client.acknowledgedReports, 0),
    unresolved,
    takenOver: logs.filter((line) => line.includes('"ledger.adopted"')).length,
    cuts: {
      before: places.reduce((sum, { proxy }) => sum + proxy.cuts.before, 0),
      after: places.reduce((sum, { proxy }) => sum + proxy.cuts.after, 0),
    },
  }
}

interface Scene {
  readonly url: string
  readonly server: PostgresServer
  readonly chance: Chance
  readonly aws: EmulatedAws
}

/** Those that nothing is being done to, as soon as there are two: one has to take over what another leaves. */
async function atWork(places: readonly Place[]): Promise<readonly Place[]> {
  for (;;) {
    const free = places.filter(({ back }) => back === undefined)
    if (free.length > 1) return free
    await Promise.race(places.flatMap(({ back }) => back ?? []))
  }
}

interface Done {
  /** How many attempts of the sidecar it fell into. */
  readonly hit: number
  /** When the sidecar is to be there again. */
  readonly back?: Promise<unknown>
}

/** Does it. */
async function commit(
  deed: Deed,
  { identity, sidecar, proxy }: Place,
  { url, server, chance }: Scene,
): Promise<Done> {
  const inFlight = () => countInFlight(url, `host:${identity}`)
  const untilInCall = async () => {
    const endsAt = performance.now() + 2 * realHourMs
    while (performance.now() < endsAt && (await inFlight()) === 0) await pause(5)
  }
  const kill = async () => {
    sidecar.signal('SIGKILL')
    await sidecar.exited
    const hit = await inFlight()
    // Some come back before another one has noticed, others to an identity that was taken over.
    return { hit, back: pause(chance.pick([0, leaseSeconds * 2500])) }
  }
  const stop = async () => {
    sidecar.signal('SIGSTOP')
    const hit = await inFlight()
    const back = pause(leaseSeconds * 1000 + chance.integer(500, 3000))
    return { hit, back: back.then(() => sidecar.signal('SIGCONT')) }
  }
  switch (deed) {
    case 'kill':
      return kill()
    case 'kill in a call':
      await untilInCall()
      return kill()
    case 'pause':
      return stop()
    case 'pause in a call':
      await untilInCall()
      return stop()
    case 'server crash':
      crashServer(server)
      await pause(chance.integer(0, 1500))
      startServer(server)
      return { hit: 0 }
    case 'cut before commit':
      proxy.cutNext('before')
      await pause(300)
      return { hit: 0 }
    case 'cut after commit':
      proxy.cutNext('after')
      await pause(300)
      return { hit: 0 }
  }
}

async function makePlace(
  identity: string,
  { server, url }: SharedKillOptions,
  aws: EmulatedAws,
): Promise<Place> {
  const proxy = await CuttingProxy.start(server.port)
  const own = new URL(url)
  own.port = `${proxy.port}`
  const place = { identity, port: await findFreePort(), proxy, url: own.href }
  return { ...place, sidecar: startSidecar(place, aws), back: undefined }
}

function startSidecar(
  { identity, port, url }: Pick<Place, 'identity' | 'port' | 'url'>,
  aws: EmulatedAws,
): SharedSidecar {
  return new SharedSidecar({
    identity,
    port,
    emulatorUrl: aws.url,
    databaseUrl: url,
    leaseSeconds,
  })
}
