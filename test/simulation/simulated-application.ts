import { SidecarError } from '../../src/kernel/errors.ts'
import type { ReportReceipt, UsageReport, UsageRequest } from '../../src/metering/report.ts'
import type { Coverage } from './coverage.ts'

interface SentRequest {
  readonly request: UsageRequest
  /** A repeat is safe: every report is covered by a key. */
  readonly hasKey: boolean
  /** True time of the acknowledgement, ms. */
  acknowledgedAt?: number
}

/** Answers a request, or undefined when the process died before it could. */
export type Answerer = (request: UsageRequest) => Promise<readonly ReportReceipt[] | undefined>

/** Codes that promise that nothing was recorded. */
export const notRecorded = [
  'LedgerFull',
  'LedgerBusy',
  'ShuttingDown',
  'PlatformUnknown',
  'DatabaseUnavailable',
  'LedgerInUse',
]
const dayMs = 86_400_000

/** An application that repeats what was not acknowledged, where it may, and adds up what must be in the book. */
export class SimulatedApplication {
  readonly #coverage: Coverage
  #unanswered: SentRequest[] = []
  #acknowledgedRequests: SentRequest[] = []
  /** By name, in millionths: what was acknowledged, and what was perhaps recorded on top of it. */
  readonly acknowledged = new Map<string, bigint>()
  readonly perhaps = new Map<string, bigint>()

  constructor(coverage: Coverage) {
    this.#coverage = coverage
  }

  get unanswered(): number {
    return this.#unanswered.length
  }

  /** What waits for an answer, by name, may be recorded already. */
  mayBeRecorded(name: string): bigint {
    return sumOf(
      this.#unanswered.flatMap(({ request }) => request.reports),
      name,
    )
  }

  add(request: UsageRequest): void {
    const hasKey =
      request.idempotencyKey !== undefined ||
      request.reports.every(({ idempotencyKey }) => idempotencyKey !== undefined)
    this.#unanswered.push({ request, hasKey })
  }

  /** Sends everything that has no answer. */
  async send(answerer: Answerer, now: number): Promise<void> {
    const sent = this.#unanswered
    this.#unanswered = []
    await Promise.all(sent.map((each) => this.#sendOne(each, answerer, now)))
  }

  /** Repeats a request of the last day that was acknowledged; it must not count again. */
  async repeat(back: number, answerer: Answerer, now: number): Promise<void> {
    const known = this.#acknowledgedRequests.at(-back)
    if (known?.acknowledgedAt === undefined || now - known.acknowledgedAt > dayMs) return
    this.#coverage.count('acknowledged request repeated')
    try {
      await answerer(known.request)
    } catch (error) {
      this.#coverage.count(`repeat answered ${codeOf(error)}`)
    }
  }

  async #sendOne(sent: SentRequest, answerer: Answerer, now: number): Promise<void> {
    try {
      const receipts = await answerer(sent.request)
      if (receipts === undefined) return this.#unknown(sent)
      for (const { result, late } of receipts)
        this.#coverage.count(`report ${result}${late ? ', late' : ''}`)
      this.#add(this.acknowledged, sent)
      if (!sent.hasKey) return
      sent.acknowledgedAt = now
      this.#acknowledgedRequests = [...this.#acknowledgedRequests.slice(-20), sent]
    } catch (error) {
      const code = codeOf(error)
      this.#coverage.count(`report refused with ${code}`)
      // Keys are looked up first, so these were not recorded before either; the application gives them up.
      if (code === 'OccurredAtTooOld' || code === 'OccurredAtInFuture') return
      if (sent.hasKey) this.#unanswered.push(sent)
      else if (!notRecorded.includes(code)) this.#add(this.perhaps, sent)
    }
  }

  #unknown(sent: SentRequest): void {
    this.#coverage.count('report without an answer')
    if (sent.hasKey) this.#unanswered.push(sent)
    else this.#add(this.perhaps, sent)
  }

  #add(sums: Map<string, bigint>, { request }: SentRequest): void {
    for (const report of request.reports) {
      const name = usageName(report.customer ?? '', report.dimension)
      sums.set(name, (sums.get(name) ?? 0n) + report.quantity)
    }
  }
}

function codeOf(error: unknown): string {
  if (error instanceof SidecarError) return error.code
  throw error
}

function sumOf(reports: readonly UsageReport[], name: string): bigint {
  return reports
    .filter(({ customer = '', dimension }) => usageName(customer, dimension) === name)
    .reduce((sum, { quantity }) => sum + quantity, 0n)
}

/** What usage is told apart by: the customer, who is empty for a buyer, and the dimension. */
export function usageName(customer: string, dimension: string): string {
  return customer === '' ? dimension : `${dimension} of ${customer}`
}
