import { sleep, type Timer } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import { fail, succeed, type Result } from '../../kernel/result.ts'
import { hourMs, hourOf } from '../../metering/hour.ts'
import { countedSeries } from '../counted-series.ts'
import type { SourceContext } from '../source.ts'
import type { PageFormat } from './exposition/page.ts'
import type { FetchFailure } from './fetch-page.ts'
import { loadPage } from './load-page.ts'
import { readPage, wantedNames, type ScrapedDimension } from './read-page.ts'

type ScraperContext = Pick<
  SourceContext,
  'book' | 'clock' | 'timers' | 'scrape' | 'noteRead' | 'heard'
> & {
  readonly url: string
  readonly dimensions: readonly ScrapedDimension[]
}

/** At the end, the page is read this often until it is gone. */
const endIntervalMs = 250
/** An application that runs on after so long is not ending. */
const hurryLimitMs = 10 * 60_000
/** Before the end of an hour, so that what is in the page then belongs to it. */
const beforeTheHourMs = 500
/** A clock that moved by more than this against real time has stepped. */
const stepMs = 10_000

/** Reads the metrics page of the application, one reading after the other. */
export class Scraper {
  readonly #context: ScraperContext
  readonly #wanted: ReadonlySet<string>
  #timer: Timer | undefined
  #running: Promise<Result<undefined, FetchFailure>> | undefined
  #next: Promise<Result<undefined, FetchFailure>> | undefined
  #stopped = false
  #hurry: AbortController | undefined
  /** Of the page before. */
  #format: PageFormat | undefined
  /** When the page before was read, by the clock and in real time. */
  #before: { readonly at: number; readonly elapsed: number } | undefined

  constructor(context: ScraperContext) {
    this.#context = context
    this.#wanted = wantedNames(context.dimensions)
  }

  start(): void {
    void this.scrape().finally(() => this.#scheduleNext())
  }

  /** Reads the page now. Resolves when what it gave is on disk; a reading that is under way does not count. */
  scrape(): Promise<Result<undefined, FetchFailure>> {
    if (this.#running === undefined) return this.#begin()
    this.#next ??= this.#running.then(() => {
      this.#next = undefined
      return this.#begin()
    })
    return this.#next
  }

  /**
   * Reads the page every 250 ms from now on, until it is gone: the application is ending, and what it counts
   * after the last reading is lost. Should it go on after all, for ten minutes.
   */
  hurry(): void {
    if (this.#hurry !== undefined || this.#stopped) return
    const hurry = new AbortController()
    this.#hurry = hurry
    const { timers } = this.#context
    const limit = timers.after(hurryLimitMs, () => hurry.abort())
    void this.#readUntilGone(hurry.signal).finally(() => {
      limit.cancel()
      this.#hurry = undefined
    })
  }

  /** Reads the page every 250 ms until it is gone. */
  async drain(signal: AbortSignal): Promise<void> {
    this.stop()
    await this.#readUntilGone(signal)
  }

  stop(): void {
    this.#stopped = true
    this.#hurry?.abort()
    this.#timer?.cancel()
  }

  async settled(): Promise<void> {
    await this.#next
    await this.#running
  }

  async #readUntilGone(signal: AbortSignal): Promise<void> {
    for (;;) {
      const read = await this.scrape()
      if (signal.aborted || (!read.ok && read.failure.kind === 'gone')) return
      await sleep(this.#context.timers, endIntervalMs, signal)
    }
  }

  #scheduleNext(): void {
    if (this.#stopped) return
    const { clock, scrape } = this.#context
    const now = clock.now()
    const hourEnd = hourOf(now) + hourMs - beforeTheHourMs
    const due = now + scrape.intervalMs
    const at = now < hourEnd && hourEnd < due ? hourEnd : due
    this.#timer = clock.after(at - now, () => {
      void this.scrape().finally(() => this.#scheduleNext())
    })
  }

  #begin(): Promise<Result<undefined, FetchFailure>> {
    this.#running = this.#read().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #read(): Promise<Result<undefined, FetchFailure>> {
    const { noteRead, clock } = this.#context
    const read = await this.#readAndStore().catch((error: unknown) =>
      fail({ kind: 'failed' as const, reason: messageOf(error) }),
    )
    const at = clock.now()
    if (read.ok) noteRead({ source: 'prometheus', outcome: 'ok', reason: undefined, at })
    else
      noteRead({
        source: 'prometheus',
        outcome: read.failure.kind === 'refused' ? 'refused' : 'failed',
        reason: read.failure.reason,
        at,
      })
    return read
  }

  async #readAndStore(): Promise<Result<undefined, FetchFailure>> {
    const { url, scrape, dimensions, book, clock, heard } = this.#context
    const readAt = clock.now()
    const isSteady = this.#isSteady(readAt)
    const wanted = (name: string) => this.#wanted.has(name)
    const { timeoutMs } = scrape
    const loaded = await loadPage({ url, timeoutMs, wanted, preferred: this.#format })
    if (!loaded.ok) return loaded
    this.#format = loaded.value.format
    const page = readPage(loaded.value.samples, dimensions)
    const sums = dimensions.filter(({ aggregate = 'sum' }) => aggregate === 'sum')
    if (sums.length > 0)
      await book.countPage({
        source: `prometheus ${url}`,
        readAt,
        startedAt: page.startedAt,
        isSteady,
        follows: new Map(sums.map(({ name, from }) => [name, countedSeries(from.prometheus, url)])),
        counters: page.counters,
      })
    if (page.gauges.length > 0)
      await book.report({
        idempotencyKey: undefined,
        reports: page.gauges.map(({ dimension, tags, value }) => ({
          dimension,
          tags,
          quantity: value,
          occurredAt: readAt,
          idempotencyKey: undefined,
        })),
      })
    const unusable = new Set(page.unusable.map(({ dimension }) => dimension))
    heard(
      dimensions.map(({ name }) => name).filter((name) => !unusable.has(name)),
      readAt,
    )
    const [first] = page.unusable
    return first === undefined
      ? succeed(undefined)
      : fail({ kind: 'refused', reason: `${first.dimension}: ${first.reason}` })
  }

  #isSteady(at: number): boolean {
    const { timers } = this.#context
    const before = this.#before
    const elapsed = timers.elapsed()
    this.#before = { at, elapsed }
    return before !== undefined && Math.abs(at - before.at - (elapsed - before.elapsed)) <= stepMs
  }
}
