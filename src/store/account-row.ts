import {
  accountOf,
  type Account,
  type Aggregate,
  type Meaning,
  type Scope,
} from '../metering/account.ts'
import { identityOf } from './registration-row.ts'
import { text, type Row } from './row.ts'

/** The account of a row with the `customer`, `form`, `identity` and `region` of its registration. */
export function accountOfRow(row: Row): Account {
  const form = text(row, 'form')
  const isNamed = form !== 'resource' && form !== 'unregistered'
  return accountOf({
    ...meaningOfRow(row),
    customer: text(row, 'customer'),
    ...(isNamed && { identity: identityOf(row) }),
  })
}

/** The meaning in a row of an account, or of several. */
export function meaningOfRow(row: Row): Meaning {
  return {
    productCode: text(row, 'product_code'),
    dimension: text(row, 'dimension'),
    divisor: BigInt(row['divisor'] as number | bigint),
    aggregate: text(row, 'aggregate') as Aggregate,
    scope: text(row, 'scope') as Scope,
  }
}
