import type { CustomerForm, CustomerIdentity, Registration } from '../metering/customer.ts'
import type { LicenceState } from '../metering/licence.ts'
import { integer, optionalInteger, optionalText, text, type Row } from './row.ts'

/** What AWS calls the customer of a row that has an identity. */
export function identityOf(row: Row): CustomerIdentity {
  return {
    form: text(row, 'form') as CustomerForm,
    value: text(row, 'identity'),
    region: text(row, 'region'),
  }
}

/** The registration of a row that has an identity. */
export function registrationOf(row: Row): Registration {
  return {
    customer: text(row, 'customer'),
    identity: identityOf(row),
    names: {
      accountId: optionalText(row, 'aws_account'),
      licenseArn: optionalText(row, 'license_arn'),
      identifier: optionalText(row, 'identifier'),
    },
    createdAt: integer(row, 'created_at'),
    startsAt: integer(row, 'starts_at'),
    endedAt: optionalInteger(row, 'ended_at'),
    deletedAt: optionalInteger(row, 'deleted_at'),
  }
}

/** What was said last of the licence of a row. */
export function licenceOf(row: Row): LicenceState {
  return { at: integer(row, 'at'), ended: integer(row, 'ended') === 1 }
}
