import type { BatchMeterUsageRequest } from '../../../../src/aws/metering-api.ts'
import { batchMeterUsage } from '../../../../src/channels/batch-meter-usage/batch-meter-usage.ts'
import { describeChannel } from '../../../conformance/channel-conformance.ts'

const notHere = () => Promise.reject(new Error('BatchMeterUsage alone is called'))

describeChannel({
  channel: batchMeterUsage,
  whose: {
    customer: 'acme',
    identity: {
      form: 'license-arn',
      value: '111122223333/arn:aws:license-manager::1:license:l-acme',
      region: 'us-east-1',
    },
  },
  aws(outcome) {
    const calls: BatchMeterUsageRequest[] = []
    const api = {
      batchMeterUsage: async (call: BatchMeterUsageRequest) => {
        calls.push(call)
        if ('kind' in outcome) return { ok: false, failure: outcome } as const
        const results = call.records.map(() => ({ status: 'Success', ...outcome }) as const)
        return { ok: true, value: { results } } as const
      },
      meterUsage: notHere,
      registerUsage: notHere,
      dryRun: notHere,
      forward: notHere,
      close: () => {},
    }
    return { api, calls }
  },
})
