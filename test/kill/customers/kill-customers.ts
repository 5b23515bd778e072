import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { readBook, type BookNames } from '../book.ts'
import { Chance } from '../chance.ts'
import { randomFault, startEmulatedAws, type EmulatedAws } from '../emulated-aws.ts'
import { findFreePort } from '../free-port.ts'
import { poll } from '../poll.ts'
import { reconcile } from '../reconcile.ts'
import { dataDirectoryOf, SidecarProcess, type KillPoint } from '../sidecar-process.ts'
import { customersNamed, emulatedCustomer, type KnownCustomer } from './customer-names.ts'
import { SellingClient } from './selling-client.ts'

export interface CustomerKills {
  readonly violations: readonly string[]
  readonly counts: Readonly<Record<string, number>>
}

/** When a process is killed; the first two when its answer has just arrived. */
type Moment = 'any' | 'registered' | 'ended' | KillPoint

const moments: readonly Moment[] = [
  'registered',
  { step: 'send-started', occurrence: 3 },
  { step: 'send-answered', occurrence: 3 },
  'ended',
  { step: 'group-committed', occurrence: 3, inGroup: 'mark-written' },
  { step: 'settle-written', occurrence: 3 },
  'any',
  { step: 'mark-written', occurrence: 3 },
  { step: 'seal-written', occurrence: 2 },
  { step: 'group-committed', occurrence: 3, inGroup: 'settle-written' },
]
const unit = 1_000_000n
const longestLifeMs = 5000
const settleTimeoutMs = 90_000
const realHourMs = 4000
/** Each client has as many. */
const customersOfClient = 20
const byCustomer: BookNames = 'customer/dimension'
const complaintOfKill = /"event":"record\.unresolved"/

/**
 * Kills the sidecar of a SaaS product while applications report usage of their customers, register them and
 * end their licences, and AWS loses answers of BatchMeterUsage: each acknowledged unit must be billed once.
 */
export async function runCustomerKills(
  options: { readonly directory: string; readonly kills: number },
  chance: Chance,
): Promise<CustomerKills> {
  const directory = join(options.directory, 'customers')
  mkdirSync(directory, { recursive: true })
  const customers = customersNamed(3 * customersOfClient)
  const aws = await startEmulatedAws(realHourMs, undefined, customers.map(emulatedCustomer))
  const port = await findFreePort()
  const settings = { SIDECAR_AWS_TIMEOUT_MS: '400' }
  const world = new World({ directory, port, emulatorUrl: aws.url, route: 'saas', settings }, aws, {
    customers,
    chance,
  })
  try {
    for (let kill = 0; kill < options.kills; kill += 1)
      await world.kill(moments[kill % moments.length] ?? 'any')
    await world.end()
  } finally {
    world.giveUp()
    await aws.close()
  }
  return { violations: world.violations.map((text) => `customers: ${text}`), counts: world.counts }
}

class World {
  readonly #process: ConstructorParameters<typeof SidecarProcess>[0]
  readonly #aws: EmulatedAws
  readonly #chance: Chance
  readonly #customers: readonly KnownCustomer[]
  readonly #clients: readonly SellingClient[]
  readonly #working: readonly Promise<void>[]
  #sidecar: SidecarProcess | undefined
  /** What the process that runs is killed after. */
  #moment: Moment | undefined
  #kills = 0
  #unresolved = 0
  #billed = 0
  readonly violations: string[] = []

  constructor(
    process: ConstructorParameters<typeof SidecarProcess>[0],
    aws: EmulatedAws,
    {
      customers,
      chance,
    }: { readonly customers: readonly KnownCustomer[]; readonly chance: Chance },
  ) {
    this.#process = process
    this.#aws = aws
    this.#chance = chance
    this.#customers = customers
    this.#clients = [0, 1, 2].map(
      (index) =>
        new SellingClient({
          name: `seller${index}`,
          port: process.port,
          chance: new Chance(chance.integer(0, 2 ** 31)),
          customers: customers.slice(index * customersOfClient, (index + 1) * customersOfClient),
          onAnswered: (what) => {
            if (what === this.#moment) this.#sidecar?.kill('SIGKILL')
          },
        }),
    )
    this.#working = this.#clients.map((client) => client.run())
  }

  get counts(): Record<string, number> {
    const sum = (of: (client: SellingClient) => number) =>
      this.#clients.reduce((total, client) => total + of(client), 0)
    return {
      'customers: kills': this.#kills,
      'customers: reports': sum(({ reports }) => reports),
      'customers: reports that waited': sum(({ waitingReports }) => waitingReports),
      'customers: licences ended': sum(({ ended }) => ended.size),
      'customers: records billed': this.#billed,
      'customers: records unresolved': this.#unresolved,
    }
  }

  async kill(moment: Moment): Promise<void> {
    for (let count = this.#chance.integer(0, 3); count > 0; count -= 1)
      await this.#aws.addFault({ ...randomFault(this.#chance), operation: 'BatchMeterUsage' })
    const killAt =
      typeof moment === 'object'
        ? { ...moment, occurrence: this.#chance.integer(1, moment.occurrence) }
        : undefined
    const sidecar = new SidecarProcess({ ...this.#process, killAt })
    this.#sidecar = sidecar
    await Promise.race([sidecar.ready, sidecar.exited])
    this.#moment = moment
    const longestMs = moment === 'any' ? this.#chance.integer(0, 2500) : longestLifeMs
    await Promise.race([sidecar.exited, pause(longestMs)])
    sidecar.kill('SIGKILL')
    await sidecar.exited
    this.#moment = undefined
    this.#kills += 1
    this.#check(sidecar, JSON.stringify(moment))
  }

  /** Everything is registered and sent, and the process ends in order. */
  async end(): Promise<void> {
    const sidecar = new SidecarProcess(this.#process)
    this.#sidecar = sidecar
    await Promise.race([sidecar.ready, sidecar.exited])
    if (!sidecar.isReady) throw new Error(`it does not start: ${sidecar.complaints.join('\n')}`)
    for (const client of this.#clients) client.stop()
    await Promise.all(this.#working)
    await poll('everything is sent', settleTimeoutMs, async () => {
      const response = await fetch(`http://127.0.0.1:${this.#process.port}/v1/usage`)
      const { open, pending } = (await response.json()) as { open: unknown[]; pending: unknown[] }
      return open.length + pending.length === 0 ? true : undefined
    })
    sidecar.kill('SIGTERM')
    const exit = await sidecar.exited
    if (exit.code !== 0) this.violations.push(`SIGTERM ended it with ${exit.code ?? exit.signal}`)
    this.#check(sidecar, 'the end')
    const keyOf = new Map(this.#customers.map(({ key, names }) => [names.licenseArn, key]))
    const billed = await this.#aws.recordsOf(keyOf)
    this.#billed = billed.length
    const book = readBook(dataDirectoryOf(this.#process.directory), byCustomer)
    const acknowledged = new Map(
      this.#clients.flatMap(({ acknowledged: own }) =>
        [...own].map(([name, quantity]) => [name, BigInt(quantity) * unit] as const),
      ),
    )
    const calls = await this.#aws.batchCalls(keyOf)
    const { violations, unresolved } = reconcile({ acknowledged, book, billed, calls })
    this.#unresolved = unresolved.length
    this.violations.push(...violations, ...this.#clients.flatMap((client) => client.violations))
    if (billed.length === 0) this.violations.push('nothing was billed')
  }

  giveUp(): void {
    for (const client of this.#clients) client.stop()
    this.#sidecar?.kill('SIGKILL')
  }

  /** While no sidecar runs: what was answered with 200 is in the book, and nothing that was not asked for. */
  #check(sidecar: SidecarProcess, moment: string): void {
    const book = readBook(dataDirectoryOf(this.#process.directory), byCustomer)
    const found = [...book.faults]
    for (const client of this.#clients) {
      for (const key of client.registered)
        if (!book.registered.has(key)) found.push(`the registration of ${key} is gone`)
      for (const key of client.ended)
        if (!book.ended.has(key)) found.push(`the end of the licence of ${key} is gone`)
      for (const name of new Set([...client.acknowledged.keys(), ...client.underWay.keys()])) {
        const least = BigInt(client.acknowledged.get(name) ?? 0) * unit
        const most = least + BigInt(client.underWay.get(name) ?? 0) * unit
        const reported = book.reported.get(name) ?? 0n
        if (reported < least || reported > most)
          found.push(`${name}: ${reported} in the book, ${least} to ${most} were acknowledged`)
      }
    }
    found.push(...sidecar.complaints.filter((line) => !complaintOfKill.test(line)))
    this.violations.push(...found.map((text) => `killed at ${moment}: ${text}`))
  }
}
