import { callAllocations } from '../call-allocations.ts'
import type { BatchMeterUsageRequest, BatchMeterUsageValue } from '../../aws/metering-api.ts'
import { awsLimits } from '../../metering/aws-limits.ts'
import { namesOf } from '../../metering/customer.ts'
import type { MeteringRecord } from '../../metering/record/record.ts'
import { batchMeterUsageWindow } from '../../metering/record/record-window.ts'
import { slotOf } from '../../metering/slot.ts'
import type { Channel } from '../channel.ts'
import { clientTokenOf } from '../client-token.ts'
import { settlementsOf } from './settlements.ts'

/**
 * BatchMeterUsage: up to 25 records of customers of a SaaS product a call, one call after another. AWS
 * knows a record by its customer, dimension and hour, so the same content again is the same record.
 */
export const batchMeterUsage: Channel<BatchMeterUsageRequest, BatchMeterUsageValue> = {
  name: 'batch-meter-usage',
  window: batchMeterUsageWindow,
  batch: awsLimits.recordsPerBatch,
  parallelCalls: 1,
  sharesHours: true,
  slotOf,
  clientTokenOf,
  toCall: requestOf,
  ask: (api, call) => api.batchMeterUsage(call),
  settle: settlementsOf,
}

function isByLicence({ parts }: MeteringRecord): boolean {
  return parts[0]?.account.identity?.form === 'license-arn'
}

function requestOf(records: readonly MeteringRecord[]): BatchMeterUsageRequest {
  return {
    // The customers' licences name the product where they are what AWS bills by.
    productCode: records.every(isByLicence) ? undefined : records[0]?.productCode,
    records: records.map(({ dimension, timestamp, quantity, form, allocations, parts }) => {
      const identity = parts[0]?.account.identity
      if (identity === undefined) throw new TypeError('a record of a batch has a customer')
      return {
        ...namesOf(identity),
        dimension,
        timestamp,
        quantity,
        form,
        allocations: callAllocations({ allocations }),
      }
    }),
  }
}
