import { expect, test } from 'vitest'
import type { MeteringApi } from '../../../src/aws/metering-api.ts'
import { SidecarError } from '../../../src/kernel/errors.ts'
import { succeed } from '../../../src/kernel/result.ts'
import type { CustomerBook } from '../../../src/ledger/customers/customer-book.ts'
import { createCustomerDesk } from '../../../src/sidecar/create-customer-desk.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const names = { CustomerAWSAccountId: '111122223333', LicenseArn: 'arn:aws:license-manager::1:l' }

/** The code with which a customer is refused when AWS's answer to ResolveCustomer is this. */
async function refusalOf(answer: object): Promise<string> {
  const forward: MeteringApi['forward'] = async () => succeed(answer)
  const book: Pick<CustomerBook, 'register'> = { register: () => expect.unreachable() }
  const desk = createCustomerDesk({
    book: book as CustomerBook,
    api: { forward },
    productCode: 'ours',
    timers: new ManualClock(),
    onChange: () => expect.unreachable(),
  })
  const error = await desk?.registerByToken('acme', 'token').catch((thrown: unknown) => thrown)
  return error instanceof SidecarError ? error.code : String(error)
}

test.each([[{}], [names], [{ ...names, ProductCode: null }], [{ ...names, ProductCode: '' }]])(
  'an answer to ResolveCustomer that names no product is none: %j',
  async (answer) => {
    expect(await refusalOf(answer)).toBe('RegistrationUnavailable')
  },
)

test.each([
  [{ LicenseArn: 'arn:aws:license-manager::1:\0' }],
  [{ LicenseArn: `arn:aws:${'l'.repeat(5000)}` }],
  [{ LicenseArn: ' ' }],
  [{ CustomerAWSAccountId: 'acme' }],
  [{ CustomerAWSAccountId: 111122223333 }],
  [{ CustomerIdentifier: 'half \ud83d' }],
  [{ CustomerIdentifier: { a: 1 } }],
])('a name that AWS gives no customer makes an answer none: %j', async (wrong) => {
  expect(await refusalOf({ ...names, ProductCode: 'ours', ...wrong })).toBe(
    'RegistrationUnavailable',
  )
})

test('an answer that names another product is final', async () => {
  expect(await refusalOf({ ...names, ProductCode: 'theirs' })).toBe('CustomerOfAnotherProduct')
})
