import { describe, expect, test } from 'vitest'
import type { MeterUsageRequest } from '../../../../src/aws/metering-api.ts'
import { meterUsage } from '../../../../src/channels/meter-usage/meter-usage.ts'
import { describeChannel } from '../../../conformance/channel-conformance.ts'

const notHere = () => Promise.reject(new Error('MeterUsage alone is called'))

describeChannel({
  channel: meterUsage,
  aws(outcome) {
    const calls: MeterUsageRequest[] = []
    const api = {
      meterUsage: async (call: MeterUsageRequest) => {
        calls.push(call)
        return 'kind' in outcome
          ? ({ ok: false, failure: outcome } as const)
          : ({ ok: true, value: outcome } as const)
      },
      registerUsage: notHere,
      dryRun: notHere,
      batchMeterUsage: notHere,
      forward: notHere,
      close: () => {},
    }
    return { api, calls }
  },
})

describe('the slot of meter-usage', () => {
  test('is one of the task or pod and of the product', () => {
    const account = {
      productCode: 'product-1',
      customer: '',
      dimension: 'requests',
      divisor: 1n,
      aggregate: 'sum',
      scope: 'resource',
    } as const
    expect(meterUsage.slotOf(account, 'pod:7')).toEqual({
      channel: 'meter-usage',
      holder: 'pod:7',
      productCode: 'product-1',
      dimension: 'requests',
    })
  })
})
