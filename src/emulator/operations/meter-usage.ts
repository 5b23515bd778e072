import { toIso } from '../../kernel/clock.ts'
import { awsLimits } from '../../metering/aws-limits.ts'
import { hourOf } from '../../metering/hour.ts'
import { canonicalAllocations, checkAllocations } from '../../protocol/check-allocations.ts'
import { toInstant, type CredentialScope } from '../../protocol/codec.ts'
import { succeed } from '../../kernel/result.ts'
import { serviceError, type ServiceResult } from '../../protocol/service-errors.ts'
import type { MeterUsageInput } from '../../protocol/operations/meter-usage.ts'
import type { ErrorNameOf } from '../../protocol/operations.ts'
import { microOf, type WireQuantity } from '../../protocol/wire-quantity.ts'
import { findTask, isEntitled } from './caller.ts'
import type { EmulatedTask } from '../marketplace.ts'
import {
  checkDimension,
  checkOffered,
  checkWindow,
  findProduct,
  hasSameContent,
  type Metering,
} from './metering-rules.ts'
import type { EmulatedRecord } from './metering-state.ts'

export interface MeterUsageOutput {
  readonly MeteringRecordId: string
}

type MeterResult<T> = ServiceResult<T, ErrorNameOf<'MeterUsage'>>

/**
 * Makes one record for each task or pod, dimension and hour. A record can be sent again but never
 * changed, and a DryRun leaves no trace.
 */
export function meterUsage(
  metering: Metering,
  scope: CredentialScope,
  input: MeterUsageInput,
): MeterResult<MeterUsageOutput> {
  const allowed = checkRequest(metering, scope, input)
  if (!allowed.ok) return allowed
  // Known tokens come before the window: a call that succeeded stays a success however late it is retried.
  const used = input.DryRun === true ? undefined : findToken(metering, scope, input)
  if (used !== undefined) return used
  const inTime = checkTime(metering, allowed.value, toInstant(input.Timestamp))
  if (!inTime.ok) return inTime
  if (input.DryRun === true) return answerDryRun(metering)
  const recorded = record(metering, scope, input)
  if (recorded.ok && input.ClientToken !== undefined) {
    metering.state.useToken(scope.accessKeyId, input.ClientToken, {
      fingerprint: fingerprintOf(input),
      meteringRecordId: recorded.value.MeteringRecordId,
    })
  }
  return recorded
}

function checkRequest(
  metering: Metering,
  scope: CredentialScope,
  input: MeterUsageInput,
): MeterResult<EmulatedTask> {
  const task = findTask(metering, scope, {
    operation: 'MeterUsage',
    refusal: input.DryRun === true ? 'UnauthorizedException' : 'AccessDeniedException',
    wrongRegion: 'InvalidEndpointRegionException',
  })
  if (!task.ok) return task
  const product = findProduct(metering, input.ProductCode)
  if (!product.ok) return product
  const offered = checkOffered(product.value, scope, 'InvalidEndpointRegionException')
  if (!offered.ok) return offered
  const dimension = checkDimension(product.value, input.UsageDimension)
  if (!dimension.ok) return dimension
  const allocations = checkAllocations(quantityIn(input), input.UsageAllocations)
  if (!allocations.ok) return allocations
  if (isEntitled(metering, task.value, input.ProductCode)) return task
  return serviceError(
    'CustomerNotEntitledException',
    'The customer does not have a valid subscription for the product.',
  )
}

/** AWS compares the timestamp as sent with the window, not the start of its hour. */
function checkTime(
  metering: Metering,
  task: EmulatedTask,
  instant: number,
): MeterResult<undefined> {
  if (instant < (task.startedAt ?? -Infinity)) {
    return serviceError(
      'TimestampOutOfBoundsException',
      'The timestamp is before the start of the software usage.',
    )
  }
  return checkWindow(metering.clock, instant, awsLimits.meterUsageWindowMs)
}

function answerDryRun(metering: Metering): MeterResult<MeterUsageOutput> {
  return metering.settings.dryRunForm === 'ok'
    ? succeed({ MeteringRecordId: metering.randomUuid() })
    : serviceError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.')
}

/** The answer for a ClientToken that was used before; undefined for a new one. */
function findToken(
  metering: Metering,
  scope: CredentialScope,
  input: MeterUsageInput,
): MeterResult<MeterUsageOutput> | undefined {
  if (input.ClientToken === undefined) return undefined
  const used = metering.state.token(scope.accessKeyId, input.ClientToken)
  if (used === undefined) return undefined
  return used.fingerprint === fingerprintOf(input)
    ? succeed({ MeteringRecordId: used.meteringRecordId })
    : serviceError(
        'IdempotencyConflictException',
        'The ClientToken is being used for multiple requests with different parameters.',
      )
}

function record(
  metering: Metering,
  scope: CredentialScope,
  input: MeterUsageInput,
): MeterResult<MeterUsageOutput> {
  const wanted: EmulatedRecord = {
    resource: scope.accessKeyId,
    region: scope.region,
    productCode: input.ProductCode,
    dimension: input.UsageDimension,
    hour: hourOf(toInstant(input.Timestamp)),
    quantity: microOf(quantityIn(input)),
    allocations: input.UsageAllocations ?? [],
    meteringRecordId: metering.randomUuid(),
    clientToken: input.ClientToken,
  }
  const known = metering.state.find(wanted)
  if (known === undefined) {
    metering.state.add(wanted)
    return succeed({ MeteringRecordId: wanted.meteringRecordId })
  }
  if (hasSameContent(known, wanted)) return succeed({ MeteringRecordId: known.meteringRecordId })
  return serviceError(
    'DuplicateRequestException',
    `A metering record has already been emitted for the dimension ${wanted.dimension} and the hour ${toIso(wanted.hour)} with a different usageQuantity.`,
  )
}

function quantityIn(input: MeterUsageInput): WireQuantity {
  return { whole: input.UsageQuantity, decimal: input.UsageQuantityAsDecimal }
}

function fingerprintOf(input: MeterUsageInput): string {
  return JSON.stringify([
    input.ProductCode,
    input.Timestamp,
    input.UsageDimension,
    String(microOf(quantityIn(input))),
    canonicalAllocations(input.UsageAllocations),
  ])
}
