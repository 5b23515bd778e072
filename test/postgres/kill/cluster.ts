import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { startEmulatedAws } from '../../kill/emulated-aws.ts'
import { findFreePort } from '../../kill/free-port.ts'
import { SharedSidecar } from './shared-sidecar.ts'

export interface ClusterPlace {
  readonly identity: string
  readonly port: number
  sidecar: SharedSidecar
}

interface ClusterOptions {
  readonly url: string
  readonly emulatorUrl: string
  readonly leaseSeconds: number
}

const product = {
  productCode: demoProduct.productCode,
  route: 'metered',
  dimensions: demoProduct.dimensions.map((name) => ({ name, scope: 'cluster' })),
}

/** Sidecars whose usage is one record an hour. Each has its place, where one process follows another. */
export class Cluster {
  readonly places: ClusterPlace[] = []
  /** Places whose process was killed, until the next one listens. */
  readonly #away = new Map<ClusterPlace, Promise<void>>()
  /** Of processes that have ended. */
  readonly #logs: string[] = []
  readonly #options: ClusterOptions
  readonly #folder = mkdtempSync(join(tmpdir(), 'sidecar-cluster-'))
  /** Processes that ended and were not killed. */
  endedAlone = 0

  constructor(options: ClusterOptions) {
    this.#options = options
    writeFileSync(this.#productFile, JSON.stringify(product))
  }

  /** How long a sidecar takes to start on this machine while no other does, ms. */
  static async measureStart(url: string): Promise<number> {
    const aws = await startEmulatedAws(600_000)
    const cluster = new Cluster({ url, emulatorUrl: aws.url, leaseSeconds: 2 })
    const startedAt = performance.now()
    await cluster.start(1)
    const startMs = performance.now() - startedAt
    await cluster.stop()
    await aws.close()
    return startMs
  }

  async start(sidecars: number): Promise<void> {
    const startOne = async (number: number) => {
      const place = { identity: `task-${number}`, port: await findFreePort() }
      const sidecar = this.#processOf(place)
      this.places.push({ ...place, sidecar })
      await sidecar.ready
      if (sidecar.isEnded) throw new Error(`it did not start: ${sidecar.log.join('\n')}`)
    }
    // One a processor: a start is nothing but work.
    for (let number = 1; number <= sidecars; number += 2)
      await Promise.all([number, number + 1].filter((each) => each <= sidecars).map(startOne))
  }

  /** The place whose resource is `resource`. */
  placeOf(resource: string): ClusterPlace {
    const place = this.places.find(({ identity }) => `host:${identity}` === resource)
    if (place === undefined) throw new Error(`no sidecar is ${resource}`)
    return place
  }

  /** Starts the next process of a place, whose process has ended, and goes on while it starts. */
  comeBack(place: ClusterPlace, afterMs: number): void {
    const back = pause(afterMs).then(async () => {
      this.#logs.push(...place.sidecar.log)
      place.sidecar = this.#processOf(place)
      await place.sidecar.ready
    })
    this.#away.set(place, back)
    void back.finally(() => this.#away.delete(place))
  }

  /** Resolves when at most so many are away. */
  async untilAway(most: number): Promise<void> {
    while (this.#away.size > most) await Promise.race(this.#away.values())
  }

  /** Starts those again that have ended without being killed, as the platform does. */
  revive(): void {
    for (const place of this.places)
      if (place.sidecar.isEnded && !this.#away.has(place)) {
        this.endedAlone += 1
        this.comeBack(place, 0)
      }
  }

  /** SIGTERM for all. Returns their exit codes. */
  async stop(): Promise<(number | null)[]> {
    for (const { sidecar } of this.places) sidecar.signal('SIGTERM')
    const exits = await Promise.all(this.places.map(({ sidecar }) => sidecar.exited))
    rmSync(this.#folder, { recursive: true })
    return exits
  }

  get logs(): readonly string[] {
    return [...this.#logs, ...this.places.flatMap(({ sidecar }) => sidecar.log)]
  }

  get #productFile(): string {
    return join(this.#folder, 'product.json')
  }

  #processOf({ identity, port }: Pick<ClusterPlace, 'identity' | 'port'>): SharedSidecar {
    const { url: databaseUrl, emulatorUrl, leaseSeconds } = this.#options
    const productFile = this.#productFile
    return new SharedSidecar({
      identity,
      port,
      emulatorUrl,
      databaseUrl,
      leaseSeconds,
      productFile,
    })
  }
}
