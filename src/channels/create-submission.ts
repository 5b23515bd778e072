import type { AwsClock } from '../aws/aws-clock.ts'
import type { MeteringApi, MeteringFailure } from '../aws/metering-api.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import type { CustomerBook } from '../ledger/customers/customer-book.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { LateUsagePolicy } from '../metering/record/record.ts'
import { acceptedUntil } from '../metering/record/record-window.ts'
import { sealedFrom } from '../metering/record/seal-time.ts'
import type { ChannelName } from '../metering/slot.ts'
import type { Log } from '../kernel/log.ts'
import { HeardHours } from './heard-hours.ts'
import { channelOf } from './registry.ts'
import { Sender, type SenderOptions } from './sender.ts'
import { spreadDelayMs } from './spread.ts'
import { Submitter, type SubmitterOptions } from './submitter.ts'

export interface SubmissionOptions {
  readonly ledger: Pick<Ledger, 'owner' | 'report' | 'countPage' | 'countStreams' | 'customers'> &
    SenderOptions['ledger'] &
    SubmitterOptions['ledger']
  readonly api: MeteringApi
  readonly clock: Clock
  /** What is known of AWS's time; `clock` follows it. */
  readonly awsTime?: Pick<AwsClock, 'isKnown' | 'doubtfulForMs'> | undefined
  readonly events: Events
  readonly log: Log
  /** 0 to 1, as Math.random. */
  readonly random: () => number
  readonly product: {
    readonly dimensions: SubmitterOptions['dimensions']
    readonly untaggedAs?: SubmitterOptions['untaggedAs']
  }
  /** The channel of the product's route; undefined where AWS meters by itself. */
  readonly channel?: ChannelName | undefined
  readonly sealDelayMs: number
  readonly submitSpreadMs: number
  readonly zeroRecords: boolean
  readonly lateUsage: LateUsagePolicy
  /** Receives every answer to a record: a failure, or undefined when AWS accepted it. */
  readonly onAnswer: (failure: MeteringFailure | undefined) => void
}

export interface Submission {
  /** The ledger as sources see it: what is reported for an hour that is over is sealed soon after. */
  readonly book: Pick<Ledger, 'report' | 'countPage' | 'countStreams'>
  /** The customers as sources see them; undefined where the product has none. */
  readonly customers: Pick<CustomerBook, 'adopt' | 'reportRecords'> | undefined
  /** Says that nothing of these dimensions was missed at an instant. */
  readonly heard: (dimensions: readonly string[], at: number) => void
  readonly sender: Sender
  readonly submitter: Submitter
  /**
   * When AWS is next asked to accept a record, ms, given the earliest hour that holds open usage; undefined
   * when nothing waits for it.
   */
  readonly nextSendAt: (openHour: number | undefined) => number | undefined
  /** Returns when AWS stops accepting a record of an hour, ms. */
  readonly acceptedUntil: (hour: number) => number
}

/** Puts together what seals and what sends. Nothing is started yet. */
export function createSubmission(options: SubmissionOptions): Submission {
  const { ledger, product, sealDelayMs, submitSpreadMs } = options
  const channel = channelOf(options.channel)
  const spreadMs = spreadDelayMs(ledger.owner.identity, submitSpreadMs)
  const notBefore = (hour: number) => sealedFrom(hour, sealDelayMs, channel.window) + spreadMs
  const usageArrived = (hour: number) => submitter.usageArrived(hour)
  const sender = new Sender({
    ...options,
    channel,
    notBefore: channel.sharesHours ? () => 0 : notBefore,
    usageArrived,
  })
  const heardHours = new HeardHours()
  const wasHeard = (dimension: string, hour: number) => heardHours.has(dimension, hour)
  const submitter = new Submitter({ ...options, ...product, channel, sender, wasHeard })
  return {
    book: {
      async report(request) {
        const receipts = await ledger.report(request)
        usageArrived(Math.min(...receipts.map(({ hour }) => hour)))
        return receipts
      },
      countPage: (page) => ledger.countPage(page),
      async countStreams(batch) {
        const counted = await ledger.countStreams(batch)
        usageArrived(Math.min(...counted.map(({ hour }) => hour)))
        return counted
      },
    },
    customers: ledger.customers && wakeAfterChanges(ledger.customers, submitter),
    heard: (dimensions, at) => heardHours.note(dimensions, at),
    sender,
    submitter,
    acceptedUntil: (hour) => acceptedUntil(channel.window, hour),
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

/** Usage can become due with each change: of an hour that is over, or of a customer who was not registered. */
function wakeAfterChanges(
  customers: CustomerBook,
  submitter: Submitter,
): NonNullable<Submission['customers']> {
  return {
    async adopt(names) {
      const registration = await customers.adopt(names)
      void submitter.tick()
      return registration
    },
    async reportRecords(records) {
      const outcomes = await customers.reportRecords(records)
      for (const { receipt } of outcomes)
        if (receipt !== undefined) submitter.usageArrived(receipt.hour)
      return outcomes
    },
  }
}
