import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type TestContext } from 'vitest'
import { readBook, type Book } from '../kill/book.ts'
import { Chance } from '../kill/chance.ts'
import { startEmulatedAws, type EmulatedAws } from '../kill/emulated-aws.ts'
import { findFreePort } from '../kill/free-port.ts'
import { poll } from '../kill/poll.ts'
import { reconcile } from '../kill/reconcile.ts'
import { ReportingClient, sumOf } from '../kill/reporting-client.ts'
import {
  dataDirectoryOf,
  SidecarProcess,
  type Exit,
  type SidecarProcessOptions,
} from '../kill/sidecar-process.ts'

const startTimeoutMs = 20_000

/** An emulated AWS, applications that report, and a ledger that outlives the processes started on it. */
export interface Scene {
  readonly aws: EmulatedAws
  readonly clients: readonly ReportingClient[]
  readonly dataDirectory: string
  /** Does not wait until it listens. */
  start(options?: Partial<SidecarProcessOptions>): SidecarProcess
  startReady(options?: Partial<SidecarProcessOptions>): Promise<SidecarProcess>
  /** Resolves when every client has reported `count` times more. */
  reportsFromEach(count: number): Promise<void>
  /** Ends the clients once everything they reported is acknowledged. */
  finishReporting(): Promise<void>
  /** Ends the clients at once. */
  giveUpReporting(): Promise<void>
  acknowledged(): ReadonlyMap<string, bigint>
  book(): Book
  /** What was acknowledged is in the book, and everything in the book was reported. */
  expectAcknowledgedInBook(): void
  /** What was acknowledged is billed or in the ledger, once, and no operator has to decide anything. */
  expectBalanced(billedBy?: EmulatedAws): Promise<void>
}

/** Ends with the test, whose context says when: tests may run side by side. */
export async function openScene(
  { onTestFinished }: TestContext,
  realHourMs: number,
  clientCount = 2,
): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), 'marketplace-sidecar-process-'))
  const [aws, port] = await Promise.all([startEmulatedAws(realHourMs), findFreePort()])
  const processes: SidecarProcess[] = []
  const clients = Array.from(
    { length: clientCount },
    (_, index) =>
      new ReportingClient({
        name: `client${index}`,
        port,
        chance: new Chance(index),
        now: () => aws.now(),
        thinkMs: 20,
      }),
  )
  const working = clients.map((client) => client.run())

  const scene: Scene = {
    aws,
    clients,
    dataDirectory: dataDirectoryOf(directory),
    start(options) {
      const sidecar = new SidecarProcess({ directory, port, emulatorUrl: aws.url, ...options })
      processes.push(sidecar)
      return sidecar
    },
    async startReady(options) {
      const sidecar = scene.start(options)
      await sidecar.ready
      expect(sidecar.complaints).toEqual([])
      return sidecar
    },
    async reportsFromEach(count) {
      const goals = clients.map((client) => client.acknowledgedReports + count)
      await poll('the clients have reported', startTimeoutMs, () =>
        clients.every((client, index) => client.acknowledgedReports >= (goals[index] ?? 0))
          ? true
          : undefined,
      )
    },
    async finishReporting() {
      for (const client of clients) client.stop()
      await Promise.all(working)
    },
    async giveUpReporting() {
      for (const client of clients) client.giveUp()
      await Promise.all(working)
    },
    acknowledged: () => sumOf(clients.map((client) => client.acknowledged)),
    book: () => readBook(dataDirectoryOf(directory)),
    expectAcknowledgedInBook() {
      const { reported, faults } = scene.book()
      expect(faults).toEqual([])
      const underWay = sumOf(clients.map((client) => client.underWay))
      for (const [dimension, quantity] of scene.acknowledged()) {
        expect(reported.get(dimension)).toBeGreaterThanOrEqual(quantity)
        expect(reported.get(dimension)).toBeLessThanOrEqual(
          quantity + (underWay.get(dimension) ?? 0n),
        )
      }
    },
    async expectBalanced(billedBy = aws) {
      const [billed, calls] = await Promise.all([billedBy.records(), billedBy.calls()])
      const acknowledged = scene.acknowledged()
      expect(reconcile({ acknowledged, book: scene.book(), billed, calls })).toEqual({
        violations: [],
        unresolved: [],
      })
      expect(clients.flatMap((client) => client.violations)).toEqual([])
    },
  }
  onTestFinished(async () => {
    for (const sidecar of processes) sidecar.kill('SIGKILL')
    await scene.giveUpReporting()
    await Promise.all(processes.map((sidecar) => sidecar.exited))
    await aws.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return scene
}

/** Stops it as an orchestrator does. */
export function terminate(sidecar: SidecarProcess): Promise<Exit> {
  sidecar.kill('SIGTERM')
  return sidecar.exited
}
