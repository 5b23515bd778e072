import type { CustomerNames } from './customer.ts'

/** What AWS's names of a customer look like. */
export const customerNameForms: Readonly<Record<keyof CustomerNames, RegExp>> = {
  accountId: /^\d{1,255}$/,
  licenseArn: /^arn:aws[!-~]{1,250}$/,
  identifier: /^[!-~]{1,255}$/,
}
