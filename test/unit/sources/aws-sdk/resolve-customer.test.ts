import { expect, test } from 'vitest'
import { succeed } from '../../../../src/kernel/result.ts'
import { createFrontHandlers } from '../../../../src/sources/aws-sdk/front-handlers.ts'
import { idleSourceContext } from '../../../support/sidecar/idle-source-context.ts'

const rejected = () => Promise.reject(new Error('not called'))

/** What the application gets, and the names that the book is given, when AWS answers this. */
async function outcomeOf(answer: object) {
  const adopted: object[] = []
  const { ResolveCustomer } = createFrontHandlers({
    ...idleSourceContext,
    aws: { forward: () => Promise.resolve(succeed(answer)), prove: rejected },
    book: { report: rejected, countPage: rejected, countStreams: rejected },
    customers: {
      adopt: (names) => Promise.resolve(adopted.push(names)),
      reportRecords: rejected,
    },
    refused: () => {},
    dimensions: [],
    productCode: 'ours',
    referenceOf: () => '',
    meterUsageCalls: 'add',
    repeated: () => {},
    divisors: new Map(),
  })
  const call = { body: '{}', headers: {}, requestId: '' }
  const outcome = await ResolveCustomer({ RegistrationToken: 't' }, call)
  return { code: outcome.ok ? 'given' : outcome.failure.name, adopted }
}

const accountId = '111122223333'

test.each([['ours'], [undefined]])(
  'a customer of product %s is registered, then given',
  async (code) => {
    const answer = { CustomerAWSAccountId: accountId, LicenseArn: '', CustomerIdentifier: null }
    const ProductCode = code === undefined ? {} : { ProductCode: code }
    expect(await outcomeOf({ ...answer, ...ProductCode })).toEqual({
      code: 'given',
      adopted: [{ accountId }],
    })
  },
)

test('a customer of another product is neither registered nor given', async () => {
  const outcome = await outcomeOf({ CustomerAWSAccountId: accountId, ProductCode: 'theirs' })
  expect(outcome).toEqual({ code: 'InvalidTokenException', adopted: [] })
})

test('an answer with a name that is not of AWS is neither kept nor given', async () => {
  const outcome = await outcomeOf({ CustomerAWSAccountId: accountId, LicenseArn: 'arn:aws:\0' })
  expect(outcome).toEqual({ code: 'ServiceUnavailableException', adopted: [] })
})
