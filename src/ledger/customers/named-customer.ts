import { SidecarError } from '../../kernel/errors.ts'
import {
  awsKeysOf,
  identityOf,
  type CustomerForm,
  type CustomerIdentity,
  type CustomerNames,
  type Registration,
} from '../../metering/customer.ts'
import type { Page } from '../page/page.ts'
import { registerCustomer, type RegistrationRules } from './register-customer.ts'

export type NamingRules = Pick<RegistrationRules, 'form' | 'region'>

/** A customer whom AWS's names stand for. */
export interface NamedCustomer {
  /** The application's key, or one made of AWS's names. */
  readonly key: string
  /** What AWS bills, where the names say all of it and it is registered: of several licences this one. */
  readonly identity: CustomerIdentity | undefined
  /** What else the customer can be named by, the most exact first: never empty. */
  readonly keys: readonly string[]
}

/**
 * Finds the customer whom the application names as AWS does: by the licence, else the identifier, else
 * the account. Throws CustomerNamesUnclear where the names fit several customers, or too little is named
 * to ever know which one it is.
 */
export function namedCustomer(
  page: Page,
  names: CustomerNames,
  { form, region }: NamingRules,
): NamedCustomer {
  const registration = registrationNamed(page, names, form)
  const own = awsKeysOf(names, form)
  if (registration !== undefined) {
    const keys = [...new Set([...awsKeysOf(registration.names, form), ...own])]
    const exact = identityOf(form, names, region)
    const identity = exact && page.customers.registeredAs(registration.customer, exact)?.identity
    return { key: registration.customer, identity, keys }
  }
  const [key] = own
  if (key === undefined)
    throw unclear('An account may have several licences, so a record has to name the LicenseArn')
  return { key, identity: undefined, keys: own }
}

/**
 * Registers the customer whom AWS or the application names as AWS does, under the key that it has, or else
 * under one made of the names. Returns undefined where the names lack what the product is billed by.
 * Throws CustomerNamesUnclear, CustomerIdentityTaken.
 */
export function adoptCustomer(
  page: Page,
  { names, reactivates }: { readonly names: CustomerNames; readonly reactivates: boolean },
  now: number,
  rules: RegistrationRules,
): Registration | undefined {
  const { key } = namedCustomer(page, names, rules)
  const identity = identityOf(rules.form, names, rules.region)
  if (identity === undefined) return undefined
  const newest = page.customers.registrations(key).at(-1)
  const known = page.customers.registeredAs(key, identity)
  // The last usage of a licence can come after that of the next one.
  if (known !== undefined && known.identity.value !== newest?.identity.value) return known
  return registerCustomer(page, { customer: key, names, reactivates }, now, rules)
}

function registrationNamed(
  page: Page,
  names: CustomerNames,
  form: CustomerForm,
): Registration | undefined {
  const named = page.customers.namedBy(names, form)
  const [first, ...others] = named
  if (others.some(({ customer }) => customer !== first?.customer))
    throw unclear('Several customers are registered with these names')
  const { accountId } = first?.names ?? {}
  if (accountId !== undefined && names.accountId !== undefined && accountId !== names.accountId)
    throw unclear('The licence or identifier is registered for another account')
  return named.at(-1)
}

function unclear(why: string): SidecarError {
  return new SidecarError(
    'CustomerNamesUnclear',
    `${why}, so nothing of this request was recorded. Send CustomerAWSAccountId and LicenseArn as ResolveCustomer returned them.`,
  )
}
