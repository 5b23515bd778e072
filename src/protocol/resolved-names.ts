import { customerNameForms } from '../metering/customer-name-forms.ts'
import type { CustomerNames } from '../metering/customer.ts'

const members = [
  ['accountId', 'CustomerAWSAccountId'],
  ['licenseArn', 'LicenseArn'],
  ['identifier', 'CustomerIdentifier'],
] as const

/** What to say of names that are not AWS's. */
export const notNamesOfAws =
  'ResolveCustomer was answered with a name that is not one of AWS, so nothing was registered. Find out what answers in AWS’s place.'

/**
 * What AWS calls the customer in its answer to ResolveCustomer; null and empty members name nothing. Undefined
 * where one does not have the form of AWS's names: then it is not AWS's answer.
 */
export function resolvedNames(answer: object): CustomerNames | undefined {
  const given = new Map<string, unknown>(Object.entries(answer))
  const names: { -readonly [Name in keyof CustomerNames]: CustomerNames[Name] } = {}
  for (const [name, member] of members) {
    const value = given.get(member) ?? ''
    if (value === '') continue
    if (typeof value !== 'string' || !customerNameForms[name].test(value)) return undefined
    names[name] = value
  }
  return names
}
