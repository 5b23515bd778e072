import { setTimeout as pause } from 'node:timers/promises'
import { Chance } from '../../kill/chance.ts'
import { customersNamed, emulatedCustomer } from '../../kill/customers/customer-names.ts'
import { SellingClient } from '../../kill/customers/selling-client.ts'
import { startEmulatedAws, type BilledRecord } from '../../kill/emulated-aws.ts'
import { findFreePort } from '../../kill/free-port.ts'
import { poll } from '../../kill/poll.ts'
import { crashServer, startServer } from '../support/server.ts'
import { findRefused, isAllBilled, readReplicaBook, type CustomerSums } from './replica-book.ts'
import type { SharedKillOptions } from './shared-kill-test.ts'
import { SharedSidecar } from './shared-sidecar.ts'

const realHourMs = 4000
const leaseSeconds = 2
/** Each replica's application has as many. */
const customersOfClient = 20
/** Far from the end of a month, after which AWS accepts its hours for a few seconds only. */
const startsAt = Date.parse('2026-03-10T09:20:00Z')

interface Place {
  readonly identity: string
  readonly port: number
  sidecar: SharedSidecar
  /** While it is killed or paused: resolves when it works again. */
  back: Promise<void> | undefined
}

/** Three replicas of a SaaS product on one ledger, of which one after the other is killed or paused. */
export async function runReplicaKillTest({ server, url, kills, seed, log }: SharedKillOptions) {
  const customers = customersNamed(3 * customersOfClient)
  const aws = await startEmulatedAws(realHourMs, startsAt, customers.map(emulatedCustomer))
  const chance = new Chance(seed)
  const start = (identity: string, port: number) => {
    const way = { emulatorUrl: aws.url, databaseUrl: url, leaseSeconds }
    return new SharedSidecar({ ...way, identity, port, route: 'saas' })
  }
  const logs: string[] = []
  const places: Place[] = []
  for (const identity of ['a', 'b', 'c']) {
    const port = await findFreePort()
    places.push({ identity, port, sidecar: start(identity, port), back: undefined })
  }
  await Promise.all(places.map(({ sidecar }) => sidecar.ready))
  const clients = places.map(
    ({ port, identity }, index) =>
      new SellingClient({
        name: identity,
        port,
        chance: new Chance(seed + index),
        customers: customers.slice(index * customersOfClient, (index + 1) * customersOfClient),
        onAnswered: () => {},
      }),
  )
  const working = clients.map((client) => client.run())
  const restart = async (place: Place) => {
    if (!place.sidecar.isEnded) return
    logs.push(...place.sidecar.log)
    place.sidecar = start(place.identity, place.port)
    await place.sidecar.ready
  }
  for (let kill = 1; kill <= kills; kill += 1) {
    // One that AWS throttles has records that it certainly does not have, and another one sends them.
    const isThrottled = kill % 2 === 0
    if (isThrottled) await Promise.all(places.flatMap(({ back }) => back ?? []))
    await aws.addFault({
      operation: 'BatchMeterUsage',
      ...(isThrottled ? { error: 'ThrottlingException', times: 8 } : { delayMs: 300, times: 3 }),
    })
    if (!isThrottled) await pause(chance.integer(200, 2500))
    const refused = isThrottled ? await untilRefused(url) : undefined
    if (kill % 5 === 0) {
      crashServer(server)
      startServer(server)
    }
    const free = places.filter(({ back }) => back === undefined)
    const atWork = free.length > 1 ? free : [await firstBack(places)]
    const place =
      atWork.find(({ identity }) => `host:${identity}` === refused) ?? chance.pick(atWork)
    const goneMs = isThrottled ? leaseSeconds * 2500 : chance.pick([0, leaseSeconds * 2500])
    const ended = kill % 3 === 0 ? pausedForLonger(place, chance) : killed(place, goneMs)
    place.back = ended
      .then(() => restart(place))
      .finally(() => {
        place.back = undefined
      })
  }
  await Promise.all(places.flatMap(({ back }) => back ?? []))
  for (const client of clients) client.stop()
  await Promise.all(working)
  await poll('everything is sent', 120_000, async () =>
    (await isAllBilled(url)) ? true : undefined,
  )
  for (const { sidecar } of places) sidecar.signal('SIGTERM')
  const exits = await Promise.all(places.map(({ sidecar }) => sidecar.exited))
  logs.push(...places.flatMap(({ sidecar }) => sidecar.log))
  const { sums, states } = await readReplicaBook(url)
  const keyOf = new Map(customers.map(({ key, names }) => [names.licenseArn, key]))
  const billed = await aws.recordsOf(keyOf)
  await aws.close()
  const told = new Map(clients.flatMap(({ acknowledged }) => [...acknowledged]))
  log(JSON.stringify({ ...Object.fromEntries(states), billed: billed.length }))
  return {
    violations: [
      ...clients.flatMap((client) => client.violations),
      ...sums.flatMap((each) => wrongSums(each, told.get(each.name) ?? 0, billed)),
      ...twice(billed),
      ...exits.filter((code) => code !== 0).map((code) => `SIGTERM ended one with ${code}`),
      ...logs.filter((line) => /"event":"ledger\.(?:imbalance|shared-id)"/.test(line)),
    ],
    /** Records whose usage went to another hour. */
    moved: states.get('moved') ?? 0,
    accepted: states.get('accepted') ?? 0,
    takenOver: logs.filter((line) => line.includes('"ledger.adopted"')).length,
  }
}

/** Undefined where AWS has accepted everything for two hours. */
async function untilRefused(url: string): Promise<string | undefined> {
  const endsAt = performance.now() + 2 * realHourMs
  while (performance.now() < endsAt) {
    const identity = await findRefused(url)
    if (identity !== undefined) return identity
    await pause(20)
  }
  return undefined
}

async function firstBack(places: readonly Place[]): Promise<Place> {
  await Promise.race(places.flatMap(({ back }) => back ?? []))
  return places.find(({ back }) => back === undefined) ?? firstBack(places)
}

/** Some come back before another one has noticed, others to an identity that was taken over. */
async function killed({ sidecar }: Place, goneMs: number): Promise<void> {
  sidecar.signal('SIGKILL')
  await sidecar.exited
  await pause(goneMs)
}

async function pausedForLonger({ sidecar }: Place, chance: Chance): Promise<void> {
  sidecar.signal('SIGSTOP')
  await pause(leaseSeconds * 1000 + chance.integer(500, 3000))
  sidecar.signal('SIGCONT')
}

function wrongSums(
  { name, reported, kept, accepted, unresolved }: CustomerSums,
  told: number,
  billed: readonly BilledRecord[],
): string[] {
  const bill = billed
    .filter(({ dimension }) => dimension === name)
    .reduce((sum, { quantity }) => sum + quantity, 0)
  const isRight =
    reported === told &&
    Math.abs(reported - kept - accepted - unresolved) < 1e-6 &&
    bill >= accepted &&
    bill <= accepted + unresolved
  const figures = JSON.stringify({ told, reported, kept, accepted, unresolved, bill })
  return isRight ? [] : [`${name}: ${figures}`]
}

function twice(billed: readonly BilledRecord[]): string[] {
  const names = billed.map(({ dimension, hour }) => `${dimension} ${hour}`)
  return names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} twice`)
}
