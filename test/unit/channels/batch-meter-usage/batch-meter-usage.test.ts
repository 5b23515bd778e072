import { describe, expect, test } from 'vitest'
import type { BatchMeterUsageRequest } from '../../../../src/aws/metering-api.ts'
import { batchMeterUsage } from '../../../../src/channels/batch-meter-usage/batch-meter-usage.ts'
import type { CustomerIdentity } from '../../../../src/metering/customer.ts'
import type { MeteringRecord } from '../../../../src/metering/record/record.ts'
import { recordOf } from '../../../support/fleet/fleet.ts'
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

describe('a batch', () => {
  const region = 'us-east-1'
  const recordOfCustomer = (identity: CustomerIdentity): MeteringRecord => ({
    ...recordOf('saas', 0, 1),
    allocations: [{ tags: '[["team","a"]]', quantity: 1_000_000n }],
    parts: [
      {
        account: {
          productCode: 'prod1',
          customer: 'acme',
          identity,
          dimension: 'd1',
          divisor: 1n,
          aggregate: 'sum',
          scope: 'resource',
        },
        quantity: 1_000_000n,
        allocations: undefined,
      },
    ],
  })
  const licence = recordOfCustomer({ form: 'license-arn', value: '1111/arn:aws:l-1', region })
  const account = recordOfCustomer({ form: 'account', value: '1111', region })
  const content = {
    dimension: 'd1',
    timestamp: 0,
    quantity: 1_000_000n,
    form: 'whole',
    allocations: [{ quantity: 1_000_000n, tags: [{ key: 'team', value: 'a' }] }],
  }

  test('has the names of each customer, and no product where licences name it', () => {
    expect(batchMeterUsage.toCall([licence])).toEqual({
      productCode: undefined,
      records: [{ accountId: '1111', licenseArn: 'arn:aws:l-1', ...content }],
    })
    expect(batchMeterUsage.toCall([licence, account])).toEqual({
      productCode: 'prod1',
      records: [
        { accountId: '1111', licenseArn: 'arn:aws:l-1', ...content },
        { accountId: '1111', ...content },
      ],
    })
  })

  test('of a record without a customer is a defect', () => {
    const defect = new TypeError('a record of a batch has a customer')
    const [part] = account.parts
    const parts = part && [{ ...part, account: { ...part.account, identity: undefined } }]
    for (const record of [recordOf('saas', 0, 1), { ...account, parts: parts ?? [] }])
      expect(() => batchMeterUsage.toCall([record])).toThrow(defect)
  })
})
