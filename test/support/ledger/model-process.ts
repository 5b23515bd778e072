import { createSubmission, type Submission } from '../../../src/channels/create-submission.ts'
import type { AwsClock } from '../../../src/aws/aws-clock.ts'
import { startSchedule, type Schedule } from '../../../src/channels/schedule.ts'
import type { MeteringApi } from '../../../src/aws/metering-api.ts'
import type { SidecarError } from '../../../src/kernel/errors.ts'
import type { Events } from '../../../src/kernel/events.ts'
import { Ledger, type LedgerOptions } from '../../../src/ledger/ledger.ts'
import type { LateUsagePolicy } from '../../../src/metering/record/record.ts'
import type { Store } from '../../../src/store/store.ts'
import { ManualClock, settle } from '../manual-clock.ts'
import { withLateReads, type Lateness } from './late-ledger.ts'
import { createSilentLog } from '../silent-log.ts'

/** How long an hour stays open after its end. */
export const sealDelayMs = 60_000
export const modelDimensions = ['requests', 'storage'] as const

export interface ModelProcessOptions {
  readonly store: Store
  readonly resource: string
  readonly clock: ManualClock
  /** The same as AWS has it, for a process that learns it; the book then goes by that. */
  readonly awsTime?: AwsClock
  readonly events: Events
  readonly meaningOf: LedgerOptions['meaningOf']
  readonly maxPerHour?: LedgerOptions['maxPerHour']
  readonly readings?: LedgerOptions['readings']
  readonly lateness: Lateness
  /** Whether another hand moves a record on after the sender has read it and before it marks it. */
  readonly isMovedFirst: () => boolean
  /** The service, given whether a call of this process still gets through. */
  readonly apiFor: (reaches: () => boolean) => MeteringApi
  /** Whether a request of a process that has died had left before. */
  readonly hasLeft: () => boolean
  readonly lateUsage: LateUsagePolicy
  readonly zeroRecords: boolean
  /** Of a product whose customers are billed. */
  readonly customers?: LedgerOptions['customers']
  readonly onFatal: (error: SidecarError) => void
}

/** A sidecar without its listeners: ledger, submitter, sender and schedule. */
export interface ModelProcess extends Submission {
  readonly ledger: Ledger
  readonly schedule: Schedule
  /** Set when the process has died; what it does after that has no effect. */
  dead: boolean
}

/** Opens the book and starts what seals and sends. */
export async function startModelProcess(options: ModelProcessOptions): Promise<ModelProcess> {
  const { awsTime, events, lateness, isMovedFirst, apiFor, hasLeft } = options
  const clock = awsTime ?? options.clock
  const log = createSilentLog()
  const ledger = await Ledger.open({
    ...options,
    clock,
    log,
    maxPerHour: options.maxPerHour ?? (() => undefined),
    maxTagSets: 3,
  })
  const submission = createSubmission({
    ledger: withLateReads(ledger, lateness, isMovedFirst),
    api: apiFor(() => !process.dead || hasLeft()),
    clock,
    awsTime,
    events,
    log,
    random: () => 0.5,
    product: { dimensions: modelDimensions.map((name) => ({ name })) },
    sealDelayMs,
    submitSpreadMs: 0,
    channel: options.customers && 'batch-meter-usage',
    zeroRecords: options.zeroRecords,
    lateUsage: options.lateUsage,
    onAnswer: () => {},
  })
  const tick = () => void submission.submitter.tick()
  const process: ModelProcess = {
    ...submission,
    ledger,
    // Cron follows real time, and would wake the schedule at moments that no script names.
    schedule: startSchedule({ clock, timers: new ManualClock(), tick }),
    dead: false,
  }
  if (awsTime !== undefined) awsTime.onStep = () => process.schedule.wake()
  tick()
  return process
}

/** Stops what runs and closes the book. */
export async function endModelProcess(process: ModelProcess): Promise<void> {
  process.schedule.stop()
  process.submitter.stop()
  process.sender.stop()
  await settle(30)
  await process.ledger.close()
}
