import { callAllocations } from '../call-allocations.ts'
import type { MeterUsageRequest, MeterUsageValue } from '../../aws/metering-api.ts'
import { meterUsageWindow } from '../../metering/record/record-window.ts'
import type { MeteringRecord } from '../../metering/record/record.ts'
import { slotOf } from '../../metering/slot.ts'
import type { Channel } from '../channel.ts'
import { clientTokenOf } from '../client-token.ts'
import { settlementsOf } from './settlement.ts'

/** MeterUsage: one record a call, for the ECS task or EKS pod that makes the call. */
export const meterUsage: Channel<MeterUsageRequest, MeterUsageValue> = {
  name: 'meter-usage',
  window: meterUsageWindow,
  batch: 1,
  parallelCalls: 4,
  sharesHours: false,
  slotOf,
  clientTokenOf,
  toCall: ([record]) => requestOf(record),
  ask: (api, call) => api.meterUsage(call),
  settle: settlementsOf,
}

function requestOf(record: MeteringRecord | undefined): MeterUsageRequest {
  if (record === undefined) throw new TypeError('a call has a record')
  const { productCode, dimension, timestamp, quantity, form, allocations, clientToken } = record
  return {
    productCode,
    dimension,
    timestamp,
    quantity,
    form,
    allocations: callAllocations({ allocations }),
    clientToken,
  }
}
