import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { readBook } from '../book.ts'
import { Chance } from '../chance.ts'
import { startEmulatedAws, type EmulatedAws } from '../emulated-aws.ts'
import { findFreePort } from '../free-port.ts'
import { reconcile } from '../reconcile.ts'
import { dataDirectoryOf, SidecarProcess, type KillPoint } from '../sidecar-process.ts'
import { fillDisk, lockBook } from '../troubles.ts'
import { ExportingClient } from './exporting-client.ts'
import { ScrapedApplication } from './scraped-application.ts'

export interface SourceKills {
  readonly violations: string[]
  readonly counts: Readonly<Record<string, number>>
}

const dimensions = [
  { name: 'requests', from: { otlp: { metric: 'app.requests' } } },
  { name: 'storage', from: { otlp: { metric: 'app.storage' } } },
  { name: 'hosts', aggregate: 'max', from: { otlp: { metric: 'app.hosts' } } },
  { name: 'scans', from: { prometheus: { metric: 'app_scans_total' } } },
]

/** When a process is killed: while it counts, or when a page has left for it. */
type Moment = 'any' | 'page read' | KillPoint

const moments: readonly Moment[] = [
  'any',
  'page read',
  { step: 'report-written', occurrence: 9 },
  { step: 'group-committed', occurrence: 9, inGroup: 'report-written' },
  { step: 'group-flushed', occurrence: 9 },
]
const unit = 1_000_000n
const longestLifeMs = 8000
const startTimeoutMs = 30_000

/**
 * Kills the sidecar while two applications export to it over OTLP and it reads the page of a third one, and
 * starts it again on its book: what they have counted must be billed, each unit once.
 */
export async function runSourceKills(
  options: { readonly directory: string; readonly kills: number },
  chance: Chance,
): Promise<SourceKills> {
  const directory = join(options.directory, 'sources')
  mkdirSync(directory, { recursive: true })
  // An hour of real time: what is late and what AWS refuses is the matter of others.
  const aws = await startEmulatedAws(3_600_000)
  const page = await ScrapedApplication.start(chance)
  const file = join(directory, 'product.json')
  writeFileSync(file, JSON.stringify({ productCode: 'demo', route: 'metered', dimensions }))
  const port = await findFreePort()
  const world = new World(
    { directory, port, emulatorUrl: aws.url, settings: settingsOf(file, page) },
    page,
    chance,
  )
  try {
    await world.begin(() => aws.now())
    for (let kill = 0; kill < options.kills; kill += 1)
      await world.kill(moments[kill % moments.length] ?? 'any')
    await world.end(aws)
  } finally {
    world.giveUp()
    await Promise.all([page.end(), aws.close()])
  }
  return { violations: world.violations.map((text) => `sources: ${text}`), counts: world.counts }
}

function settingsOf(file: string, page: ScrapedApplication): Record<string, string> {
  return {
    SIDECAR_PRODUCT_FILE: file,
    SIDECAR_SCRAPE_URL: page.url,
    SIDECAR_SCRAPE_INTERVAL_SECONDS: '1',
  }
}

class World {
  readonly #process: ConstructorParameters<typeof SidecarProcess>[0]
  readonly #page: ScrapedApplication
  readonly #chance: Chance
  #sidecar: SidecarProcess | undefined
  #clients: readonly ExportingClient[] = []
  #working: readonly Promise<void>[] = []
  readonly violations: string[] = []
  #kills = 0
  #troubles = 0

  constructor(
    process: ConstructorParameters<typeof SidecarProcess>[0],
    page: ScrapedApplication,
    chance: Chance,
  ) {
    this.#process = process
    this.#page = page
    this.#chance = chance
  }

  get counts(): Record<string, number> {
    return {
      'sources: kills': this.#kills,
      'sources: locked or full': this.#troubles,
      'sources: exports': this.#exports,
      'sources: answers lost': this.#sum(({ lostAnswers }) => lostAnswers),
      'sources: exports refused': this.#sum(({ refusedForNow }) => refusedForNow),
      'sources: restarts': this.#sum(({ restarts }) => restarts),
      'sources: units scraped': this.#page.shown,
    }
  }

  get #exports(): number {
    return this.#sum(({ exports }) => exports)
  }

  /** The applications start after the book was opened, so that all they count is usage. */
  async begin(now: () => number): Promise<void> {
    this.#sidecar = await this.#startReady()
    this.#page.begin(now())
    this.#clients = ['a', 'b'].map((name) => {
      const own = new Chance(this.#chance.integer(0, 2 ** 31))
      return new ExportingClient({ name, port: this.#process.port, chance: own, now })
    })
    this.#working = this.#clients.map((client) => client.run())
  }

  async kill(moment: Moment): Promise<void> {
    const isPlanned = typeof moment === 'object'
    const sidecar = this.#sidecar ?? this.#start(isPlanned ? moment : undefined)
    this.#sidecar = undefined
    await Promise.race([sidecar.ready, pause(startTimeoutMs)])
    const troubled = this.#trouble(sidecar)
    const strike = (longestMs: number) =>
      void pause(this.#chance.integer(0, longestMs)).then(() => sidecar.kill('SIGKILL'))
    const enough = this.#exports + this.#chance.integer(4, 20)
    let armed = isPlanned
    const endsAt = performance.now() + longestLifeMs
    while (sidecar.ended === undefined && performance.now() < endsAt) {
      if (!armed && this.#exports >= enough) {
        armed = true
        if (moment === 'any') strike(50)
        else this.#page.onceRead = () => strike(3)
      }
      await this.#page.scrape(this.#process.port)
      await pause(this.#chance.integer(0, 10))
    }
    sidecar.kill('SIGKILL')
    await Promise.all([sidecar.exited, troubled])
    this.#kills += 1
    this.#check(sidecar, JSON.stringify(moment))
  }

  async end(aws: EmulatedAws): Promise<void> {
    const sidecar = await this.#startReady()
    this.#sidecar = sidecar
    for (const client of this.#clients) client.stop()
    await Promise.all(this.#working)
    if (!(await this.#page.scrape(this.#process.port)))
      this.violations.push('the last page was not counted')
    await this.#page.end()
    sidecar.kill('SIGTERM')
    const exit = await sidecar.exited
    if (exit.code !== 0) this.violations.push(`SIGTERM ended it with ${exit.code ?? exit.signal}`)
    const sum = (of: (client: ExportingClient) => number) => BigInt(this.#sum(of)) * unit
    const hosts = this.#clients.reduce(
      (most, { acknowledged }) => Math.max(most, acknowledged.hosts),
      0,
    )
    const acknowledged = new Map([
      ['requests', sum((client) => client.acknowledged.requests)],
      ['storage', sum((client) => client.acknowledged.storage)],
      ['hosts', BigInt(hosts) * unit],
      ['scans', BigInt(this.#page.shown) * unit],
    ])
    const [billed, calls] = await Promise.all([aws.records(), aws.calls()])
    const book = readBook(dataDirectoryOf(this.#process.directory))
    const { violations, unresolved } = reconcile({ acknowledged, book, billed, calls })
    const unbilled = [...acknowledged.keys()].filter((name) =>
      billed.every(({ dimension }) => dimension !== name),
    )
    this.violations.push(
      ...violations,
      ...unresolved,
      ...unbilled.map((name) => `nothing of ${name} was billed`),
      ...this.#clients.flatMap((client) => client.violations),
    )
  }

  giveUp(): void {
    for (const client of this.#clients) client.stop()
    this.#sidecar?.kill('SIGKILL')
  }

  #sum(of: (client: ExportingClient) => number): number {
    return this.#clients.reduce((total, client) => total + of(client), 0)
  }

  #start(killAt?: KillPoint): SidecarProcess {
    return new SidecarProcess({ ...this.#process, killAt })
  }

  async #startReady(): Promise<SidecarProcess> {
    const sidecar = this.#start()
    await Promise.race([sidecar.ready, pause(startTimeoutMs)])
    if (!sidecar.isReady) throw new Error(`it does not start: ${sidecar.complaints.join('\n')}`)
    return sidecar
  }

  /** Now and then the book is locked or its disk is full, and exporters are told to come again. */
  async #trouble(sidecar: SidecarProcess): Promise<void> {
    const trouble = this.#chance.pick(['none', 'none', 'locked', 'full'] as const)
    if (trouble === 'none' || !sidecar.isReady || sidecar.ended !== undefined) return
    const data = dataDirectoryOf(this.#process.directory)
    const { pid = Number.NaN } = sidecar
    const made =
      trouble === 'locked' ? lockBook(data, this.#chance) : fillDisk(data, pid, this.#chance)
    if (await made) this.#troubles += 1
  }

  /** While no sidecar runs: what was acknowledged is in the book, and nothing that was not counted. */
  #check(sidecar: SidecarProcess, moment: string): void {
    const { reported, faults } = readBook(dataDirectoryOf(this.#process.directory))
    const limits = {
      requests: [
        this.#sum((each) => each.acknowledged.requests),
        this.#sum((each) => each.most.requests),
      ],
      storage: [
        this.#sum((each) => each.acknowledged.storage),
        this.#sum((each) => each.most.storage),
      ],
      scans: [this.#page.acknowledged, this.#page.shown],
    } as const
    const wrong = Object.entries(limits).flatMap(([name, [least, most]]) => {
      const counted = reported.get(name) ?? 0n
      return counted >= BigInt(least) * unit && counted <= BigInt(most) * unit
        ? []
        : [`${name}: ${counted} micro-units in the book, ${least} to ${most} units were counted`]
    })
    const found = [
      ...faults,
      ...wrong,
      ...sidecar.complaints.filter((line) => !complaintOfTrouble.test(line)),
    ]
    this.violations.push(...found.map((text) => `killed at ${moment}: ${text}`))
  }
}

/** What a locked book and a full disk may be logged as. */
const complaintOfTrouble = /"event":"(seal\.failed|usage\.refused|records\.not-read|ledger\.full)"/
