import type { MeteringResult, MeteringApi, MeteringFailure } from '../aws/metering-api.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import type { MeteringRecord, Settlement } from '../metering/record.ts'
import type { AwsClock } from '../aws/aws-clock.ts'
import type { Channel, LateUsagePolicy } from './channel.ts'
import { judgeOutOfWindow } from './out-of-window.ts'

export interface SendOutcome {
  readonly settlement: Settlement
  /** Undefined when AWS accepted the record. */
  readonly failure: MeteringFailure | undefined
}

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

/** Makes one attempt to send a record that is marked. Never throws: an attempt that broke may have arrived. */
export async function sendRecord(
  record: MeteringRecord,
  { channel, api, events, lateUsage, clock, awsTime, isEnding }: SendOptions,
): Promise<SendOutcome> {
  events.emit('stepReached', { step: 'send-started' })
  const answer = await ask(channel, api, record)
  events.emit('stepReached', { step: 'send-answered' })
  const time = {
    // After the answer, which has said what time it is at AWS.
    now: clock.now(),
    isKnown: awsTime?.isKnown ?? false,
    windowMs: channel.windowMs,
    isEnding: isEnding(),
  }
  return {
    settlement: judgeOutOfWindow(channel.settle(answer, lateUsage), record, time),
    failure: answer.ok ? undefined : answer.failure,
  }
}

async function ask(
  channel: Channel,
  api: MeteringApi,
  record: MeteringRecord,
): Promise<MeteringResult<unknown>> {
  try {
    return await channel.ask(api, channel.toCall(record))
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
