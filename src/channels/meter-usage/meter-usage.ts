import type { MeterUsageRequest, MeterUsageValue } from '../../aws/metering-api.ts'
import { awsLimits } from '../../metering/aws-limits.ts'
import type { MeteringRecord } from '../../metering/record.ts'
import { tagsOf } from '../../metering/tags.ts'
import { slotOf } from '../../metering/slot.ts'
import type { Channel } from '../channel.ts'
import { clientTokenOf } from './client-token.ts'
import { settlementOf } from './settlement.ts'

/** MeterUsage: one record a call, for the ECS task or EKS pod that makes the call. */
export const meterUsage: Channel<MeterUsageRequest, MeterUsageValue> = {
  name: 'meter-usage',
  windowMs: awsLimits.meterUsageWindowMs,
  batch: 1,
  slotOf,
  clientTokenOf,
  toCall: requestOf,
  ask: (api, call) => api.meterUsage(call),
  settle: settlementOf,
}

function requestOf(record: MeteringRecord): MeterUsageRequest {
  const { productCode, dimension, timestamp, quantity, allocations, clientToken } = record
  return {
    productCode,
    dimension,
    timestamp,
    quantity,
    allocations: allocations?.map(({ tags, quantity: share }) => ({
      quantity: share,
      tags: tagsOf(tags),
    })),
    clientToken,
  }
}
