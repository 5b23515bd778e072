import type { CounterPage, StreamBatch, StreamPoint } from '../../../src/metering/counter.ts'
import { untagged } from '../../../src/metering/tags.ts'

const microPerUnit = 1_000_000n
/** The sidecar forgets a process that was silent for so long. */
const goneAfterMs = 6 * 3_600_000

interface CountingProcess {
  readonly startedAt: number
  readonly number: number
  units: bigint
  /** Of the page, as far as it was read. */
  onPage: bigint
  readonly points: StreamPoint[]
  /** How much of it was counted, and when the sidecar last heard of it; undefined where it knows nothing. */
  sent: { readonly units: bigint; readonly at: number } | undefined
  wasSent: boolean
}

/** The application of one task or pod: one process after the other, each with one counter, shown and sent. */
export class CountingApplication {
  readonly #processes: CountingProcess[] = []
  /** Units that must be billed so far. */
  readonly counted = { scans: 0n, calls: 0n }

  constructor(startedAt: number) {
    this.restart(startedAt)
  }

  restart(startedAt: number): void {
    const number = this.#processes.length
    this.#processes.push({
      startedAt,
      number,
      units: 0n,
      onPage: 0n,
      points: [],
      sent: undefined,
      wasSent: false,
    })
  }

  work(units: number): void {
    this.#current.units += BigInt(units)
  }

  page(readAt: number): CounterPage {
    const { startedAt, units } = this.#current
    const counter = { dimension: 'scans', series: 'scans', tags: untagged, startedAt }
    return {
      source: 'prometheus',
      readAt,
      startedAt,
      isSteady: true,
      follows: new Map([['scans', 'all']]),
      counters: [{ ...counter, value: units * microPerUnit, firstValue: 'count' }],
    }
  }

  /** The page was counted: whatever it rose by since it was last read. */
  pageCounted(): void {
    const current = this.#current
    this.counted.scans += current.units - current.onPage
    current.onPage = current.units
  }

  /** What is sent; undefined where nothing was sent before that could come again. */
  batch(which: 'now' | 'last' | 'first', now: number): StreamBatch | undefined {
    const { points } = this.#current
    if (which === 'now') points.push(this.#point(now))
    const point = which === 'first' ? points[0] : points.at(-1)
    const follows = new Map([[point?.dimension ?? '', 'all']])
    return point && { source: 'otlp', follows, points: [point] }
  }

  /** A point was counted at `now`: whatever its process rose by since the latest point before. */
  sentCounted({ points }: StreamBatch, now: number): void {
    for (const process of this.#processes)
      if (process.sent !== undefined && process.sent.at < now - goneAfterMs)
        process.sent = undefined
    const process = this.#current
    for (const { at, value } of points) {
      const units = value / microPerUnit
      const { sent } = process
      const isOld = sent !== undefined && (at < sent.at || (at === sent.at && units <= sent.units))
      if (isOld) continue
      // A process that was forgotten begins again at what it shows.
      if (sent !== undefined || !process.wasSent) this.counted.calls += units - (sent?.units ?? 0n)
      process.sent = { units, at }
      process.wasSent = true
    }
  }

  #point(at: number): StreamPoint {
    const { startedAt, units } = this.#current
    return {
      dimension: 'calls',
      series: 'calls',
      tags: untagged,
      value: units * microPerUnit,
      startedAt,
      start: `${startedAt}000000`,
      at,
      firstValue: 'count',
    }
  }

  get #current(): CountingProcess {
    const current = this.#processes.at(-1)
    if (current === undefined) throw new TypeError('an application has a process')
    return current
  }
}
