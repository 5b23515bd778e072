import { describe, expect, test } from 'vitest'
import {
  awsKeysOf,
  customerKeyPattern,
  identityOf,
  isAwsKey,
  isSameIdentity,
  mayBillOne,
  namesOf,
  type CustomerForm,
  type CustomerIdentity,
  type CustomerNames,
} from '../../../src/metering/customer.ts'

const region = 'us-east-1'
const accountId = '111122223333'
const licenseArn = 'arn:aws:license-manager::294406891311:license:l-0123/part'
const identifier = 'abcDEF'
const all = { accountId, licenseArn, identifier }

describe('what AWS bills a customer by', () => {
  test.each([
    ['license-arn', `${accountId}/${licenseArn}`, { accountId, licenseArn }],
    ['account', accountId, { accountId }],
    ['identifier', identifier, { identifier }],
  ] as const)('%s: is made of its names, and gives them back', (form, value, names) => {
    const identity = { form, value, region }
    expect(identityOf(form, all, region)).toEqual(identity)
    expect(namesOf(identity)).toEqual(names)
  })

  test.each([
    ['license-arn', { accountId, identifier }],
    ['license-arn', { licenseArn, identifier }],
    ['account', { licenseArn, identifier }],
    ['identifier', { accountId, licenseArn }],
  ] as const)('%s: is unknown where the names lack it', (form, names) => {
    expect(identityOf(form, names, region)).toBeUndefined()
  })
})

describe('keys made of the names of AWS', () => {
  test('are the most exact first, and not the account where customers are billed by licence', () => {
    const exact = [`aws:licence:${licenseArn}`, `aws:identifier:${identifier}`]
    expect(awsKeysOf(all, 'license-arn')).toEqual(exact)
    expect(awsKeysOf(all, 'account')).toEqual([...exact, `aws:account:${accountId}`])
    expect(awsKeysOf({ accountId }, 'account')).toEqual([`aws:account:${accountId}`])
  })

  test('are told from those of the application', () => {
    expect(isAwsKey(`aws:account:${accountId}`)).toBe(true)
    expect(isAwsKey('customer-aws:1')).toBe(false)
  })
})

test('keys of the application are 1 to 255 visible ASCII characters', () => {
  for (const key of ['a', '!', '~'.repeat(255)]) expect(customerKeyPattern.test(key)).toBe(true)
  for (const key of ['', 'a'.repeat(256), 'a b', ' a', 'a\u007f', 'é'])
    expect(customerKeyPattern.test(key)).toBe(false)
})

describe('two registrations', () => {
  const one = (form: CustomerForm, names: CustomerNames) => ({
    identity: { form, value: 'any', region },
    names,
  })
  const licence = (arn: string) => one('license-arn', { accountId, licenseArn: arn })
  test.each([
    ['share a licence', licence('l-1'), licence('l-1'), true],
    ['are two licences of one account', licence('l-1'), licence('l-2'), false],
    ['share an account that one is billed by', licence('l-1'), one('account', { accountId }), true],
    [
      'share an account that the other is billed by',
      one('account', { accountId }),
      licence('l-1'),
      true,
    ],
    [
      'share an identifier',
      one('identifier', { identifier }),
      one('account', { identifier }),
      true,
    ],
    ['share nothing', one('account', { accountId }), one('identifier', { identifier }), false],
    ['have no names at all', one('account', {}), one('identifier', {}), false],
  ])('that %s', (_, a, b, may) => {
    expect(mayBillOne(a, b)).toBe(may)
  })
})

describe('two identities', () => {
  const one = { form: 'account', value: accountId, region } as const

  test('are one where AWS bills by the same form and value, in the region of the book', () => {
    expect(isSameIdentity(one, { ...one })).toBe(true)
    expect(isSameIdentity(one, { ...one, region: 'eu-west-1' } as CustomerIdentity)).toBe(true)
  })

  test.each([
    ['in another form', { ...one, form: 'identifier' }],
    ['with another value', { ...one, value: '999999999999' }],
    ['that differs in both', { form: 'identifier', value: identifier, region }],
    ['that is not there', undefined],
  ] as const)('are two where AWS bills by one %s', (_, other) => {
    expect(isSameIdentity(one, other)).toBe(false)
  })
})
