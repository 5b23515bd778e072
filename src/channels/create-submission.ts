import type { MeteringApi, MeteringFailure } from '../aws/metering-api.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { hourMs } from '../metering/hour.ts'
import type { Log } from '../kernel/log.ts'
import type { LateUsagePolicy } from './channel.ts'
import { channels } from './registry.ts'
import { Sender } from './sender.ts'
import { spreadDelayMs } from './spread.ts'
import { Submitter } from './submitter.ts'

export interface SubmissionOptions {
  readonly ledger: Ledger
  readonly api: MeteringApi
  readonly clock: Clock
  readonly events: Events
  readonly log: Log
  /** 0 to 1, as Math.random. */
  readonly random: () => number
  readonly product: {
    readonly productCode: string
    readonly dimensions: readonly { readonly name: string; readonly divisor: bigint }[]
  }
  readonly sealDelayMs: number
  readonly submitSpreadMs: number
  readonly zeroRecords: boolean
  readonly lateUsage: LateUsagePolicy
  /** Told of every answer to a record: a failure, or undefined when AWS accepted it. */
  readonly onAnswer: (failure: MeteringFailure | undefined) => void
}

export interface Submission {
  readonly sender: Sender
  readonly submitter: Submitter
  /**
   * When AWS is asked next to take a record, ms, given the earliest hour that holds open usage; undefined
   * when nothing waits for it.
   */
  readonly nextSendAt: (openHour: number | undefined) => number | undefined
}

/** Who seals and who sends, told of usage that comes for hours that are over. Nothing is started yet. */
export function createSubmission(options: SubmissionOptions): Submission {
  const { ledger, events, product, sealDelayMs, submitSpreadMs } = options
  const [channel] = channels
  const spreadMs = spreadDelayMs(ledger.owner.identity, submitSpreadMs)
  const notBefore = (hour: number) => hour + hourMs + sealDelayMs + spreadMs
  const sender = new Sender({ ...options, channel, notBefore })
  const submitter = new Submitter({ ...options, ...product, channel, sender })
  events.on('usageReported', ({ earliestHour }) => submitter.usageArrived(earliestHour))
  events.on('recordMoved', ({ toHour }) => submitter.usageArrived(toHour))
  return {
    sender,
    submitter,
    nextSendAt(openHour) {
      const sealed = sender.nextAttemptAt ?? Number.POSITIVE_INFINITY
      const open =
        openHour === undefined
          ? Number.POSITIVE_INFINITY
          : Math.max(notBefore(openHour), submitter.nextSealAt ?? 0)
      const next = Math.min(sealed, open)
      return Number.isFinite(next) ? next : undefined
    },
  }
}
