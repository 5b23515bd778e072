import type { CustomerNames } from '../metering/customer.ts'

/** What AWS calls the customer in its answer to ResolveCustomer; null and empty members name nothing. */
export function resolvedNames(answer: object): CustomerNames {
  const members = new Map<string, unknown>(Object.entries(answer))
  const textOf = (name: string) => {
    const value = members.get(name)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  return {
    accountId: textOf('CustomerAWSAccountId'),
    licenseArn: textOf('LicenseArn'),
    identifier: textOf('CustomerIdentifier'),
  }
}
