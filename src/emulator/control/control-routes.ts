import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { toIso } from '../../kernel/clock.ts'
import type { CallLog } from './calls.ts'
import { parseClockChange, parseFault, parseSettings, type ControlInput } from './control-input.ts'
import type { EmulatorClock } from '../emulator-clock.ts'
import type { Quotas } from '../quotas.ts'
import type { FaultScript } from './faults.ts'
import { fail, succeed } from '../../kernel/result.ts'
import { hourMs } from '../../metering/hour.ts'
import { formatQuantity } from '../../metering/quantity.ts'
import { findKey, type Metering } from '../operations/metering-rules.ts'
import type { EmulatedRecord } from '../operations/metering-state.ts'
import type { EmulatorSettings } from '../emulator-settings.ts'

export interface ControlParts {
  readonly metering: Metering
  readonly clock: EmulatorClock
  readonly faults: FaultScript
  readonly quotas: Quotas
  readonly calls: CallLog
  /** What a reset restores. */
  readonly startSettings: () => EmulatorSettings
}

/** Adds the routes under `/_emulator/`, with which tests inspect the emulator and steer it. */
export function addControlRoutes(app: FastifyInstance, parts: ControlParts): void {
  const { metering, clock, faults, calls, quotas } = parts
  app.get('/_emulator/records', () => ({ records: metering.state.records().map(showRecord) }))
  app.get('/_emulator/calls', () => ({ calls: calls.all() }))
  app.get<{ Querystring: { readonly productCode?: string; readonly version?: string } }>(
    '/_emulator/public-key',
    ({ query: { productCode, version } }, reply) => {
      const number = version === undefined ? undefined : Number(version)
      const key = findKey(metering, productCode, number)
      return key === undefined
        ? reply.code(404).send({ error: 'the product or the key version does not exist' })
        : reply.type('application/x-pem-file').send(key.publicKeyPem)
    },
  )
  app.get('/_emulator/clock', () => showClock(clock))
  app.post(
    '/_emulator/clock',
    steer((body) => {
      const change = parseClockChange(body)
      if (!change.ok) return change
      const { now, advanceMs, rate } = change.value
      if (rate !== undefined) clock.setRate(rate)
      const target = (now ?? clock.now()) + (advanceMs ?? 0)
      if (!isShowable(target)) return fail('the clock goes from 1970 to 9999')
      if (now !== undefined || advanceMs !== undefined) clock.setNow(target)
      return succeed(showClock(clock))
    }),
  )
  app.post(
    '/_emulator/faults',
    steer((body) => {
      const fault = parseFault(body)
      if (!fault.ok) return fault
      faults.add(fault.value)
      return succeed({ ok: true })
    }),
  )
  app.get('/_emulator/settings', () => showSettings(metering.settings))
  app.post(
    '/_emulator/settings',
    steer((body) => {
      const changes = parseSettings(body)
      if (!changes.ok) return changes
      return succeed(showSettings(Object.assign(metering.settings, changes.value)))
    }),
  )
  app.post('/_emulator/reset', () => {
    metering.state.clear()
    faults.reset()
    quotas.reset()
    calls.clear()
    Object.assign(metering.settings, parts.startSettings())
    return { ok: true }
  })
}

/** Returns a handler for a control request with a body. A failure is answered with 400 and its text. */
function steer(act: (body: string) => ControlInput<object>) {
  return (request: FastifyRequest, reply: FastifyReply): object => {
    const result = act(typeof request.body === 'string' ? request.body : '')
    return result.ok ? result.value : reply.code(400).send({ error: result.failure })
  }
}

function isShowable(instant: number): boolean {
  return instant >= 0 && instant < 253_402_300_800_000
}

function showRecord(record: EmulatedRecord): object {
  return {
    ...record,
    hour: toIso(record.hour),
    quantity: Number(formatQuantity(record.quantity)),
    clientToken: record.clientToken ?? null,
  }
}

function showClock(clock: EmulatorClock): object {
  return { now: toIso(clock.now()), rate: clock.rate, hourMs: hourMs / clock.rate }
}

function showSettings(settings: EmulatorSettings): object {
  const { publicKeyRotationAt, region, unprocessed, eventsUrl, eventsToken } = settings
  return {
    ...settings,
    publicKeyRotationAt: publicKeyRotationAt === undefined ? null : toIso(publicKeyRotationAt),
    region: region ?? null,
    unprocessed: unprocessed ?? null,
    eventsUrl: eventsUrl ?? null,
    eventsToken: eventsToken ?? null,
  }
}
