import type { IncomingHttpHeaders } from 'node:http'
import { sleep, toIso, type Clock } from '../kernel/clock.ts'
import {
  contentType,
  encodeFailure,
  isProtocolContentType,
  parseBody,
  parseTarget,
  type CredentialScope,
} from '../protocol/codec.ts'
import { dispatch, type OperationHandlers } from '../protocol/dispatch.ts'
import { serviceError, type ServiceResult } from '../protocol/service-errors.ts'
import type { OperationName } from '../protocol/operations.ts'
import { batchMeterUsage } from './operations/batch-meter-usage.ts'
import { checkSignature, type SigningTimes } from './check-signature.ts'
import type { CallLog, EmulatedCall } from './control/calls.ts'
import type { FaultScript } from './control/faults.ts'
import type { Quotas } from './quotas.ts'
import { meterUsage } from './operations/meter-usage.ts'
import type { Metering } from './operations/metering-rules.ts'
import { registerUsage } from './operations/register-usage.ts'
import { resolveCustomer } from './operations/resolve-customer.ts'

export interface CallParts {
  readonly metering: Metering
  readonly faults: FaultScript
  readonly calls: CallLog
  readonly quotas: Quotas
  /** What a request may be signed with now. */
  readonly signingTimes: () => SigningTimes
  /** Measures delays; the metering clock may run faster. */
  readonly delayClock: Clock
  /** Ends delays when the emulator closes. */
  readonly closing: AbortSignal
  readonly log: (line: string) => void
}

interface RawCall {
  readonly target: string | undefined
  readonly contentType: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Reply {
  readonly status: number
  readonly body: string
}

/** Answers one call of the service. Undefined means that the connection must be dropped instead. */
export async function answerCall(parts: CallParts, raw: RawCall): Promise<Reply | undefined> {
  const at = toIso(parts.metering.clock.now())
  const operation = parseTarget(raw.target)
  const scope = checkSignature(raw.headers, parts.signingTimes())
  const body = parseBody(raw.body)
  const finish = (outcome: string, reply: Reply | undefined): Reply | undefined => {
    const call: EmulatedCall = {
      at,
      operation: operation.ok ? operation.value : null,
      resource: scope.ok ? scope.value.accessKeyId : null,
      region: scope.ok ? scope.value.region : null,
      input: body.ok ? body.value : null,
      outcome,
      status: reply?.status ?? null,
    }
    parts.calls.add(call)
    parts.log(describeCall(call))
    return reply
  }
  const effect = operation.ok ? parts.faults.take(operation.value) : undefined
  if (effect?.kind === 'error') return finish(effect.name, encodeFailure(effect))
  if (effect?.kind === 'drop' && effect.moment === 'before') {
    return finish('dropped-before', undefined)
  }
  if (effect?.kind === 'delay') await sleep(parts.delayClock, effect.delayMs, parts.closing)
  const outcome = await perform(parts, raw, operation, scope)
  if (effect?.kind === 'drop') return finish('dropped-after', undefined)
  return outcome.ok
    ? finish('ok', { status: 200, body: JSON.stringify(outcome.value) })
    : finish(outcome.failure.name, encodeFailure(outcome.failure))
}

async function perform(
  { metering, quotas }: CallParts,
  raw: RawCall,
  operation: ServiceResult<OperationName>,
  scope: ServiceResult<CredentialScope>,
): Promise<ServiceResult<object>> {
  if (!operation.ok) return operation
  if (!isProtocolContentType(raw.contentType)) {
    return serviceError('UnknownOperationException', `The content type is not ${contentType}.`)
  }
  if (!scope.ok) return scope
  const caller = scope.value
  if (!quotas.take(operation.value, caller, metering.tasks, metering.settings))
    return serviceError('ThrottlingException', 'Rate exceeded')
  const handlers = {
    RegisterUsage: (input) => registerUsage(metering, caller, input),
    MeterUsage: (input) => meterUsage(metering, caller, input),
    BatchMeterUsage: (input) => batchMeterUsage(metering, caller, input),
    ResolveCustomer: (input) => resolveCustomer(metering, caller, input),
  } satisfies OperationHandlers
  return dispatch(operation.value, raw.body, handlers, undefined)
}

function describeCall(call: EmulatedCall): string {
  const who = call.resource === null ? '' : ` by ${call.resource} in ${call.region}`
  return `${call.at} ${call.operation ?? 'unknown operation'}${who}: ${call.outcome}`
}
