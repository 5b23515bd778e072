/** How AWS knows the customers of a SaaS product; the product file names one of them. */
export const customerForms = ['license-arn', 'account', 'identifier'] as const
export type CustomerForm = (typeof customerForms)[number]

/** The application's own keys of customers. */
export const customerKeyPattern = /^[\x21-\x7e]{1,255}$/
export const customerKeyRule =
  "The key of a customer is the application's own name of it, 1 to 255 visible ASCII characters."

/** What AWS calls a customer in its answer to ResolveCustomer. Older listings lack the licence, newer ones the identifier. */
export interface CustomerNames {
  readonly accountId?: string | undefined
  readonly licenseArn?: string | undefined
  readonly identifier?: string | undefined
}

/** What the keys of customers begin with whom the application names as AWS does, and not by a key of its own. */
const awsKeyPrefix = 'aws:'

/**
 * Keys made of AWS's names of a customer, the most exact first. An account is none where customers are
 * billed by licence, because it can have several.
 */
export function awsKeysOf(
  { licenseArn, identifier, accountId }: CustomerNames,
  form: CustomerForm,
): string[] {
  const values = [
    ['licence', licenseArn],
    ['identifier', identifier],
    ['account', form === 'license-arn' ? undefined : accountId],
  ] as const
  return values.flatMap(([kind, value]) =>
    value === undefined ? [] : [`${awsKeyPrefix}${kind}:${value}`],
  )
}

/** Returns the name that a key was made of; none for a key of the application. */
export function namesOfKey(key: string): CustomerNames {
  const [, kind, value] = /^aws:(licence|identifier|account):(.+)$/.exec(key) ?? []
  if (kind === 'licence') return { licenseArn: value }
  if (kind === 'identifier') return { identifier: value }
  return kind === 'account' ? { accountId: value } : {}
}

/** Whether a key is kept for customers whom the application names as AWS does. */
export function isAwsKey(key: string): boolean {
  return key.startsWith(awsKeyPrefix)
}

/** What AWS bills a customer by. Its records of an hour are one for each identity, region and dimension. */
export interface CustomerIdentity {
  readonly form: CustomerForm
  /** `<account>/<licence>` for `license-arn`, else the account or the identifier. */
  readonly value: string
  readonly region: string
}

/** That AWS knows a customer of the application, who has a key, by this identity. It never changes. */
export interface Registration {
  /** The application's key of the customer. */
  readonly customer: string
  readonly identity: CustomerIdentity
  readonly names: CustomerNames
  readonly createdAt: number
  /** The first hour whose usage it receives; 0 for any, and later after a change of the form. */
  readonly startsAt: number
  /** When the licence ended; undefined while it is active. */
  readonly endedAt: number | undefined
  /** When the application removed it, which frees the key and the identity. */
  readonly deletedAt: number | undefined
}

/** Whether AWS bills one customer by both. The region is not asked for: a book is of one. */
export function isSameIdentity(
  { form, value }: Pick<CustomerIdentity, 'form' | 'value'>,
  other: Pick<CustomerIdentity, 'form' | 'value'> | undefined,
): boolean {
  return form === other?.form && value === other.value
}

/** Returns the identity that AWS bills by in a region; undefined where the names do not have it. */
export function identityOf(
  form: CustomerForm,
  { accountId, licenseArn, identifier }: CustomerNames,
  region: string,
): CustomerIdentity | undefined {
  switch (form) {
    case 'license-arn':
      return accountId === undefined || licenseArn === undefined
        ? undefined
        : { form, value: `${accountId}/${licenseArn}`, region }
    case 'account':
      return accountId === undefined ? undefined : { form, value: accountId, region }
    case 'identifier':
      return identifier === undefined ? undefined : { form, value: identifier, region }
  }
}

/** The names that an identity consists of, as a record has them on the wire. */
export function namesOf({ form, value }: CustomerIdentity): CustomerNames {
  if (form === 'identifier') return { identifier: value }
  if (form === 'account') return { accountId: value }
  const slash = value.indexOf('/')
  return { accountId: value.slice(0, slash), licenseArn: value.slice(slash + 1) }
}

/**
 * Whether two registrations can bill one customer of AWS: they share what AWS bills by, in any form. Two
 * licences of one account are two customers as long as both are billed by licence.
 */
export function mayBillOne(
  a: Pick<Registration, 'identity' | 'names'>,
  b: Pick<Registration, 'identity' | 'names'>,
): boolean {
  const same = (x: string | undefined, y: string | undefined) => x !== undefined && x === y
  if (same(a.names.licenseArn, b.names.licenseArn)) return true
  if (same(a.names.identifier, b.names.identifier)) return true
  const byLicence = a.identity.form === 'license-arn' && b.identity.form === 'license-arn'
  return !byLicence && same(a.names.accountId, b.names.accountId)
}
