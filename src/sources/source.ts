import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { ProblemCode } from '../kernel/problems/problem-table.ts'
import type { Log } from '../kernel/log.ts'
import type { Clock } from '../kernel/clock.ts'
import type { SidecarEvents } from '../kernel/events.ts'
import type { CounterOutcome, CounterPage, StreamBatch } from '../metering/counter.ts'
import type { CustomerNames } from '../metering/customer.ts'
import type {
  CustomerRecord,
  RecordOutcome,
  ReportReceipt,
  UsageRequest,
} from '../metering/report.ts'
import type { Dimension } from '../product/product.ts'
import type { AwsCalls } from './aws-calls.ts'
import type { ReportRefusal } from './refused-usage.ts'

/** Where a source puts usage. `report` resolves when the usage is on disk, and rejects when it is not. */
export interface UsageBook {
  report(request: UsageRequest): Promise<ReportReceipt[]>
  /** Counts what the counters of a page rose by, together with how far they were read. */
  countPage(page: CounterPage): Promise<unknown>
  /** The same for counters that processes send; what became of each point, in their order. */
  countStreams(
    batch: StreamBatch,
  ): Promise<readonly { readonly dimension: string; readonly outcome: CounterOutcome }[]>
}

/** The customers of a SaaS product, whom AWS's SDKs name as AWS does. Both resolve when all is on disk. */
export interface NamedCustomers {
  /** Registers whom AWS has named. */
  adopt(names: CustomerNames): Promise<unknown>
  /** Records a batch by AWS's rule, whole or not at all; one outcome for each record. */
  reportRecords(records: readonly CustomerRecord[]): Promise<readonly RecordOutcome[]>
}

/** What answers the POST requests of a route whose bodies are JSON. */
export interface JsonRoute {
  /** Resolves with the JSON text of a 200. What it throws becomes a problem. */
  handle(request: {
    readonly body: unknown
    readonly headers: IncomingHttpHeaders
  }): Promise<string>
  /** Called for each request that is answered with a problem; `body` is undefined where it could not be read. */
  failed(failure: {
    readonly error: unknown
    readonly body: unknown
    readonly requestId: string
  }): void
}

/** Adds such a route to the application's listener. */
export type PostJson = (path: string, route: JsonRoute) => void

/** Everything that a source may use. */
export interface SourceContext {
  /** The application's listener, not listening yet: for sources that the application calls. */
  readonly app: FastifyInstance
  /** Adds a route that is called for each piece of usage, and takes less time than those of `app`. */
  readonly postJson: PostJson
  readonly book: UsageBook
  /** Undefined where the buyer runs the task or pod. */
  readonly customers?: NamedCustomers | undefined
  readonly productCode: string
  readonly dimensions: readonly Dimension[]
  /** Where the task or pod runs; undefined while unknown. */
  readonly region: string | undefined
  readonly log: Log
  /** Reports usage that was not recorded. */
  readonly refused: ReportRefusal
  /** Returns the code and sentence with which the listener answers anything that a handler threw. */
  readonly explain: (error: unknown) => { readonly code: ProblemCode; readonly detail: string }
  /** Returns the id under which usage of an hour can be found before and after it is sent. */
  readonly referenceOf: (dimension: string, hour: number, customer?: string) => string
  /** What a second MeterUsage for a dimension and hour is: more usage, or what AWS makes of it. */
  readonly meterUsageCalls: 'add' | 'hourly'
  /** Reports a call that was counted although it may be the repeat of another. */
  readonly repeated: (dimension: string, hour: number, requestId: string) => void
  readonly aws: AwsCalls
  /** AWS's time, on which hours are counted. */
  readonly clock: Clock
  /** Real time. */
  readonly timers: Clock
  /** The metrics page of the application. */
  readonly scrape: {
    readonly url: string | undefined
    readonly intervalMs: number
    readonly timeoutMs: number
  }
  /** Whether the buyer may run the product. */
  readonly entitled: () => boolean
  /** Reports that a source looked for usage. */
  readonly noteRead: (read: SidecarEvents['sourceRead']) => void
  /** Says that nothing of these dimensions was missed at an instant: an hour may be zero. */
  readonly heard: (dimensions: readonly string[], at: number) => void
}

interface StartedSource extends AsyncDisposable {
  /** Called when the end of the task or pod begins, while the application still runs. */
  endBegins?(): void
  /** Takes what the application still shows while it ends, until there is no more or `signal` is aborted. */
  drain?(signal: AbortSignal): Promise<void>
}

/**
 * A way for usage to get into the book. Acknowledge usage only after `book.report` has resolved, and
 * report all usage that you refuse. A new source is a folder here and a line in registry.ts.
 */
export interface Source {
  readonly name: string
  /** Starts the source; disposal ends it. Throws when the source cannot start. */
  start(context: SourceContext): StartedSource
}
