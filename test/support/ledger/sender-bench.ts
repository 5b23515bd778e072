import type {
  MeteringFailure,
  MeteringResult,
  MeterUsageRequest,
  MeterUsageValue,
} from '../../../src/aws/metering-api.ts'
import { meterUsage } from '../../../src/channels/meter-usage/meter-usage.ts'
import { Sender, type SenderOptions } from '../../../src/channels/sender.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { settle } from '../manual-clock.ts'
import { apiOf } from '../aws/api-of.ts'
import { openBench, unit, type LedgerBench } from './ledger-bench.ts'
import { sealHours } from './seal-rules.ts'
import { createSilentLog } from '../silent-log.ts'

const acceptedAs = (meteringRecordId: string): MeteringResult<MeterUsageValue> => ({
  ok: true,
  value: { meteringRecordId },
})
export const accepted = acceptedAs('m-1')
export const failure = (more: Partial<MeteringFailure>): MeteringResult<MeterUsageValue> => ({
  ok: false,
  failure: { code: 'X', message: 'm', kind: 'throttled', ambiguous: false, advice: '', ...more },
})
export const throttled = failure({ code: 'ThrottlingException' })
export const lost = failure({ code: 'TimeoutError', kind: 'unavailable', ambiguous: true })
export const misconfigured = failure({ code: 'InvalidProductCodeException', kind: 'misconfigured' })

type Reply = (request: MeterUsageRequest) => Promise<MeteringResult<MeterUsageValue>>

export async function createSenderBench(
  reply: Reply,
  more: Partial<SenderOptions> = {},
  options: Parameters<typeof openBench>[0] = {},
) {
  const bench = await openBench(options)
  const sent: MeterUsageRequest[] = []
  const answers: (string | undefined)[] = []
  let ids = 0
  const sender = new Sender({
    ledger: bench.ledger,
    channel: meterUsage,
    api: apiOf({
      async meterUsage(request) {
        sent.push(request)
        const answer = await reply(request)
        // AWS gives each record an id of its own.
        return answer === accepted ? acceptedAs(`m-${(ids += 1)}`) : answer
      },
    }),
    clock: bench.clock,
    events: bench.events,
    log: createSilentLog(),
    random: () => 1,
    lateUsage: 'carry',
    submitSpreadMs: 0,
    notBefore: () => 0,
    onAnswer: (failed) => answers.push(failed?.code),
    usageArrived: () => {},
    ...more,
  })
  return { ...bench, sender, sent, answers }
}

/** Seals an hour with usage of these dimensions, and lets the next one begin. */
export async function sealHour(bench: LedgerBench, ...dimensions: string[]) {
  for (const dimension of dimensions) await bench.report(dimension, unit)
  await bench.clock.advance(hourMs)
  return sealHours(bench.ledger, bench.clock)
}

/** Lets group commits run, which need turns of the event loop. */
export const work = () => settle(60)
export const script = (...answers: MeteringResult<MeterUsageValue>[]): Reply => {
  const rest = [...answers]
  return () => Promise.resolve(rest.shift() ?? accepted)
}
