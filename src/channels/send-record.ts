import type { MeteringResult, MeteringApi, MeteringFailure } from '../aws/metering-api.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import type { LateUsagePolicy, MeteringRecord } from '../metering/record/record.ts'
import type { AwsClock } from '../aws/aws-clock.ts'
import { callsWithinBytes } from './calls-within-bytes.ts'
import type { Channel, SendOutcome } from './channel.ts'
import { judgeOutOfWindow } from './out-of-window.ts'

interface SendOptions {
  readonly channel: Channel
  readonly api: MeteringApi
  readonly events: Events
  readonly lateUsage: LateUsagePolicy
  readonly clock: Clock
  /** What is known of AWS's time; without it `clock` is not compared with AWS. */
  readonly awsTime?: Pick<AwsClock, 'isKnown'> | undefined
  /** Whether the sidecar is ending when the answer comes. */
  readonly isEnding: () => boolean
}

/**
 * Makes one attempt to send records that are marked, in one call, or in several where AWS would refuse it for
 * its size. Never throws: an attempt that broke may have arrived. Returns their outcomes in the same order.
 */
export async function sendRecords(
  records: readonly MeteringRecord[],
  options: SendOptions,
): Promise<SendOutcome[]> {
  const outcomes: SendOutcome[] = []
  for (const call of callsWithinBytes(records))
    outcomes.push(...(await sendInOneCall(call, options)))
  return outcomes
}

async function sendInOneCall(
  records: readonly MeteringRecord[],
  { channel, api, events, lateUsage, clock, awsTime, isEnding }: SendOptions,
): Promise<SendOutcome[]> {
  events.emit('stepReached', { step: 'send-started' })
  const answer = await ask(channel, api, records)
  events.emit('stepReached', { step: 'send-answered' })
  const time = {
    // After the answer, which has said what time it is at AWS.
    now: clock.now(),
    isKnown: awsTime?.isKnown ?? false,
    window: channel.window,
    isEnding: isEnding(),
  }
  return channel.settle(answer, records, lateUsage).map((outcome, index) => {
    const record = records[index]
    if (record === undefined) throw new TypeError('an outcome has a record')
    return { ...outcome, settlement: judgeOutOfWindow(outcome.settlement, record, time) }
  })
}

async function ask(
  channel: Channel,
  api: MeteringApi,
  records: readonly MeteringRecord[],
): Promise<MeteringResult<unknown>> {
  try {
    return await channel.ask(api, channel.toCall(records))
  } catch (error) {
    const failure: MeteringFailure = {
      code: 'UnexpectedError',
      message: messageOf(error),
      kind: 'unavailable',
      ambiguous: true,
      advice: 'This is a defect of the sidecar; report it.',
    }
    return { ok: false, failure }
  }
}
