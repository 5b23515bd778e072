import { setTimeout as pause } from 'node:timers/promises'
import { readBook, type Book } from './book.ts'
import { Chance } from './chance.ts'
import { randomFault, startEmulatedAws, type EmulatedAws } from './emulated-aws.ts'
import { findFreePort } from './free-port.ts'
import { KillPlans, type KillPlan } from './kill-plan.ts'
import { runMigrationKills } from './kill-migration.ts'
import { runCommandKills } from './commands/kill-commands.ts'
import { runCustomerKills } from './customers/kill-customers.ts'
import { runSourceKills } from './sources/kill-sources.ts'
import { voidOneUnit, WrittenOff } from './commands/operator-process.ts'
import { isIn, PhaseTable, type KillKind } from './phases/phase-table.ts'
import { poll } from './poll.ts'
import { reconcile } from './reconcile.ts'
import { ReportingClient, sumOf } from './reporting-client.ts'
import { dataDirectoryOf, SidecarProcess, type SidecarProcessOptions } from './sidecar-process.ts'
import { fillDisk, lockBook } from './troubles.ts'

export interface KillTestOptions {
  readonly kills: number
  readonly seed: number
  readonly clients: number
  readonly realHourMs: number
  readonly directory: string
  readonly log: (line: string) => void
}

export interface KillTestResult {
  readonly violations: readonly string[]
  readonly unresolved: readonly string[]
  readonly table: PhaseTable
  /** How often else something went wrong. */
  readonly troubles: Readonly<Record<string, number>>
  readonly lives: number
  readonly acknowledgedReports: number
  readonly retries: number
  readonly records: number
  readonly calls: number
}

/** Shorter than the longest delay of a random fault. */
const awsTimeoutMs = 400
/** After this time a process is killed if no planned kill has ended it. */
const longestLifeMs = 8000
/** From this number of kills on, each phase must be hit. */
const enoughKills = 25
const startTimeoutMs = 30_000
const settleTimeoutMs = 60_000
/** Log lines of the level error that are not a defect: an operator must act. */
const expectedComplaint = /"event":"record\.unresolved"/
/** What a locked book and a full disk are allowed to be logged as. */
const complaintOfTrouble =
  /"event":"(record\.not-stored|records\.not-read|seal\.failed|usage\.refused|ledger\.full)"/
/** A decision of an operator runs about this many statements. */
const statementsOfCommand = 10

/** Runs the sidecar under load, kills it again and again, and compares what it acknowledged with what AWS billed. */
export async function runKillTest(options: KillTestOptions): Promise<KillTestResult> {
  const { kills, seed, directory, log } = options
  const aws = await startEmulatedAws(options.realHourMs)
  const process = {
    directory,
    port: await findFreePort(),
    emulatorUrl: aws.url,
    settings: { SIDECAR_AWS_TIMEOUT_MS: `${awsTimeoutMs}` },
  }
  const clients = createClients(options, process.port, aws)
  const working = clients.map((client) => client.run())
  const violations: string[] = []
  const table = new PhaseTable()
  const plans = new KillPlans(new Chance(seed))
  const faults = new Chance(seed + 1)
  const mishaps = new Chance(seed + 2)

  const data = dataDirectoryOf(directory)
  const writtenOff = new WrittenOff()
  const troubles = { locked: 0, full: 0 }
  const decide = async () => {
    const statement = mishaps.happens(0.7) ? mishaps.integer(1, statementsOfCommand) : undefined
    writtenOff.note('requests', await voidOneUnit(data, 'requests', statement))
  }
  /** Now and then, while it runs: a locked book, a full disk, a decision of an operator. */
  const makeTrouble = async (sidecar: SidecarProcess) => {
    const trouble = mishaps.pick(['none', 'none', 'locked', 'full', 'decision'] as const)
    await sidecar.ready
    if (trouble === 'none' || !sidecar.isReady || sidecar.ended !== undefined) return
    if (trouble === 'decision') await decide()
    else {
      const made =
        trouble === 'locked'
          ? lockBook(data, mishaps)
          : fillDisk(data, sidecar.pid ?? Number.NaN, mishaps)
      if (await made) troubles[trouble] += 1
    }
  }

  const ofCustomers = Math.ceil(kills / 8)
  // The kills of the route saas are among all, as far as enough are left to hit each phase.
  const own = Math.max(Math.min(kills, enoughKills), kills - ofCustomers)
  for (let kill = 1; kill <= own; kill += 1) {
    for (let count = faults.integer(0, 3); count > 0; count -= 1)
      await aws.addFault(randomFault(faults))
    const plan = plans.next()
    const sidecar = start(process, plan)
    const troubled = makeTrouble(sidecar)
    table.add(await endAsPlanned(sidecar, plan), sidecar.phase)
    await troubled
    if (mishaps.happens(0.3)) await decide()
    const book = readBook(dataDirectoryOf(directory))
    const found = [
      ...unexpected(sidecar),
      ...checkAfterKill(book, clients),
      ...writtenOff.check(book.voided),
    ]
    violations.push(...found.map((text) => `kill ${kill} (${JSON.stringify(plan)}): ${text}`))
    if (kill % 25 === 0) log(`${kill} kills, ${violations.length} violations`)
  }

  const sidecar = start(process)
  await settleEverything(sidecar, process.port, clients, working)
  sidecar.kill('SIGTERM')
  const exit = await sidecar.exited
  if (exit.code !== 0) violations.push(`SIGTERM ended it with ${exit.code ?? exit.signal}`)

  const acknowledged = sumOf(clients.map((client) => client.acknowledged))
  const book = readBook(data)
  const calls = await aws.calls()
  const sides = { acknowledged, book, billed: await aws.records(), calls }
  const result = reconcile(sides)
  await aws.close()
  const migration = await runMigrationKills({ directory, kills: Math.ceil(kills / 5) }, mishaps)
  const commands = await runCommandKills({ directory, kills: Math.ceil(kills / 10) }, mishaps)
  const sources = await runSourceKills({ directory, kills: Math.ceil(kills / 5) }, mishaps)
  const customers = await runCustomerKills({ directory, kills: ofCustomers }, mishaps)
  return {
    violations: [
      ...violations,
      ...clients.flatMap((client) => client.violations),
      ...unexpected(sidecar),
      ...result.violations,
      ...migration.violations,
      ...commands.violations,
      ...sources.violations,
      ...customers.violations,
      ...(kills < enoughKills ? [] : table.missed()).map((phase) => `no kill fell into a ${phase}`),
    ],
    unresolved: result.unresolved,
    table,
    troubles: {
      'times the book was locked': troubles.locked,
      'times the disk was full': troubles.full,
      'decisions of operators': writtenOff.counts.done,
      'decisions killed': writtenOff.counts.killed,
      'upgrades killed': migration.kills,
      'upgrades killed before a commit': migration.killedBefore,
      ...commands.counts,
      ...sources.counts,
      ...customers.counts,
    },
    lives: own + 1,
    acknowledgedReports: clients.reduce((sum, client) => sum + client.acknowledgedReports, 0),
    retries: clients.reduce((sum, client) => sum + client.retries, 0),
    records: sides.billed.length,
    calls: calls.length,
  }
}

function createClients(
  { clients, seed }: KillTestOptions,
  port: number,
  aws: EmulatedAws,
): ReportingClient[] {
  return Array.from(
    { length: clients },
    (_, index) =>
      new ReportingClient({
        name: `client${index}`,
        port,
        chance: new Chance(seed + 100 + index),
        now: () => aws.now(),
        thinkMs: 20,
      }),
  )
}

function start(options: SidecarProcessOptions, plan?: KillPlan): SidecarProcess {
  return new SidecarProcess({ ...options, killAt: plan?.kind === 'self' ? plan.at : undefined })
}

/** Kills it, or waits until it has killed itself, and returns what really ended it. */
async function endAsPlanned(sidecar: SidecarProcess, plan: KillPlan): Promise<KillKind> {
  const ended = sidecar.exited.then(() => true)
  const endsWithin = (ms: number) => Promise.race([ended, pause(ms, false)])
  let kind: KillKind = 'random'
  if (plan.kind === 'self') kind = (await endsWithin(longestLifeMs)) ? 'self' : 'random'
  else if (!(await endsWithin(plan.afterMs)) && plan.kind === 'aimed')
    kind = (await shows(sidecar, plan)) ? 'aimed' : 'random'
  sidecar.kill('SIGKILL')
  await sidecar.exited
  return kind
}

/** Polls the phase as often as it can. */
async function shows(
  sidecar: SidecarProcess,
  { phase }: KillPlan & { readonly kind: 'aimed' },
): Promise<boolean> {
  const endsAt = performance.now() + longestLifeMs
  while (performance.now() < endsAt && sidecar.ended === undefined) {
    if (isIn(phase, sidecar.phase)) return true
    await new Promise((resolve) => setImmediate(resolve))
  }
  return false
}

function unexpected({ ended, complaints }: SidecarProcess): string[] {
  const wrong = complaints.filter(
    (line) => !expectedComplaint.test(line) && !complaintOfTrouble.test(line),
  )
  const byItself = ended?.code !== null && ended?.code !== 0
  return byItself ? [...wrong, `it ended by itself with exit code ${ended?.code}`] : wrong
}

/** While no sidecar runs: every acknowledged unit is in the book, and nothing else is. */
function checkAfterKill(book: Book, clients: readonly ReportingClient[]): string[] {
  const acknowledged = sumOf(clients.map((client) => client.acknowledged))
  const underWay = sumOf(clients.map((client) => client.underWay))
  const wrong = [...new Set([...acknowledged.keys(), ...book.reported.keys()])].flatMap((name) => {
    const reported = book.reported.get(name) ?? 0n
    const least = acknowledged.get(name) ?? 0n
    const most = least + (underWay.get(name) ?? 0n)
    return reported >= least && reported <= most
      ? []
      : [`${name}: ${reported} micro-units in the book, ${least} to ${most} were acknowledged`]
  })
  return [...book.faults, ...wrong]
}

/** Until every client has its last acknowledgement and AWS has every hour. */
async function settleEverything(
  sidecar: SidecarProcess,
  port: number,
  clients: readonly ReportingClient[],
  working: readonly Promise<void>[],
): Promise<void> {
  await Promise.race([sidecar.ready, pause(startTimeoutMs)])
  if (!sidecar.isReady) throw new Error(`it does not start: ${sidecar.complaints.join('\n')}`)
  for (const client of clients) client.stop()
  await Promise.all(working)
  await poll('everything is sent', settleTimeoutMs, async () => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/usage`)
    const { open, pending } = (await response.json()) as { open: unknown[]; pending: unknown[] }
    return open.length + pending.length === 0 ? true : undefined
  })
}
