import { expect, test } from 'vitest'
import { fail, succeed } from '../../../src/kernel/result.ts'
import { dispatch, type OperationHandlers } from '../../../src/protocol/dispatch.ts'

const handlers: OperationHandlers = {
  RegisterUsage: (input) => succeed({ input }),
  MeterUsage: (input) => Promise.resolve(succeed({ input })),
  BatchMeterUsage: () => fail({ name: 'DisabledApiException', message: 'off' }),
  ResolveCustomer: () => expect.unreachable(),
}

test('a call reaches the handler of its operation, with the members that AWS knows', async () => {
  const input = { ProductCode: 'code', PublicKeyVersion: 1 }
  expect(
    await dispatch(
      'RegisterUsage',
      JSON.stringify({ ...input, Colour: 'red' }),
      handlers,
      undefined,
    ),
  ).toEqual(succeed({ input }))
  const record = { ProductCode: 'code', Timestamp: 0, UsageDimension: 'd' }
  expect(await dispatch('MeterUsage', JSON.stringify(record), handlers, undefined)).toEqual(
    succeed({ input: record }),
  )
})

test('the failure of a handler is the answer', async () => {
  expect(await dispatch('BatchMeterUsage', '{"UsageRecords":[]}', handlers, undefined)).toEqual(
    fail({ name: 'DisabledApiException', message: 'off' }),
  )
})

test('an invalid body reaches no handler', async () => {
  expect(await dispatch('ResolveCustomer', '{}', handlers, undefined)).toMatchObject({
    failure: { name: 'ValidationException' },
  })
})
