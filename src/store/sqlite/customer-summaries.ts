import type { DatabaseSync } from 'node:sqlite'
import { heldReasonOf } from '../../metering/held.ts'
import { customerHolder } from '../../metering/slot.ts'
import type { OpenHour } from '../../metering/report.ts'
import type { CustomerSummary, CustomerUsage } from '../customer-summary.ts'
import { summaryWindowMs } from '../summary.ts'
import { amountOf, type Row } from './amount-columns.ts'
import { summaryOf } from '../record-row.ts'
import { selectSummaries } from './record-rows.ts'
import { registrationOf } from '../registration-row.ts'
import { isRegistered } from './registration-rows.ts'
import { unsentSql } from './sqlite-view.ts'

const accountsOfCustomer = `SELECT account.id FROM registration
  JOIN account ON registration_id = registration.id WHERE customer = ?`

/** Whether a record is of the customer ?2: an identity may have had another key before. */
const isOfCustomer = `EXISTS (SELECT 1 FROM record_part JOIN account ON account.id = account_id
  JOIN registration ON registration.id = registration_id
  WHERE record_id = record.id AND customer = ?2)`

/** The customers, after `after` in the order of their keys. */
export function customersOf(
  database: DatabaseSync,
  after: string,
  limit: number,
): CustomerSummary[] {
  const summaryOfCustomer = summaries(database)
  return database
    .prepare(
      `SELECT DISTINCT customer FROM registration WHERE customer > ?1 AND customer <> ''
       AND (${isRegistered} OR (form = 'unregistered' AND EXISTS
         (SELECT 1 FROM account JOIN open_sum ON account_id = account.id
          WHERE registration_id = registration.id)))
       ORDER BY customer LIMIT ?2`,
    )
    .all(after, limit)
    .map((row) => summaryOfCustomer(String(row['customer'])))
}

/** Where the usage of a customer is; undefined for a key that has neither usage nor a registration. */
export function customerUsage(
  database: DatabaseSync,
  customer: string,
  now: number,
): CustomerUsage | undefined {
  const summary = summaries(database)(customer)
  const usageOf = (sql: string) => {
    const statement = database.prepare(sql)
    statement.setReadBigInts(true)
    return statement.all(customer)
  }
  const open = usageOf(
    `SELECT dimension, hour, SUM(whole) AS whole, SUM(micro) AS micro FROM open_sum
     JOIN account ON account.id = account_id WHERE account_id IN (${accountsOfCustomer})
     GROUP BY dimension, hour ORDER BY hour, dimension`,
  ).map(openHourOf)
  if (summary.registration === undefined && open.length === 0) return undefined
  const held = usageOf(
    `SELECT min(held.id) AS id, hour, reason, min(since) AS since, dimension, SUM(whole) AS whole,
            SUM(micro) AS micro
     FROM held JOIN account ON account.id = account_id WHERE account_id IN (${accountsOfCustomer})
     GROUP BY account_id, resource_id, hour, reason ORDER BY hour, id`,
  )
  const fractions = usageOf(
    `SELECT dimension, fraction_whole AS whole, fraction_micro AS micro FROM account
     WHERE id IN (${accountsOfCustomer}) AND (fraction_whole > 0 OR fraction_micro > 0)
     ORDER BY dimension, id`,
  )
  const recordsWhere = (condition: string, ...values: number[]) =>
    holdersOf(database, customer).flatMap((holder) =>
      database
        .prepare(
          `${selectSummaries} WHERE slot_id IN (SELECT id FROM slot
             WHERE channel = 'batch-meter-usage' AND holder = ?1) AND ${isOfCustomer}
           AND ${condition}`,
        )
        .all(holder, customer, ...values)
        .map(summaryOf),
    )
  const pending = recordsWhere(`(state IN ${unsentSql} OR state = 'unresolved')`)
  const settled = recordsWhere(
    "+state IN ('accepted', 'moved') AND +record.hour >= ?3",
    now - summaryWindowMs,
  )
  return {
    ...summary,
    open,
    fractions: fractions.map((row) => ({
      dimension: String(row['dimension']),
      quantity: amountOf(row),
    })),
    held: held.map((row) => ({
      id: Number(row['id']),
      customer,
      ...openHourOf(row),
      reason: heldReasonOf(String(row['reason'])),
      since: Number(row['since']),
    })),
    pending: pending.toSorted((a, b) => a.hour - b.hour || a.id - b.id),
    settled: settled.toSorted((a, b) => b.hour - a.hour || b.id - a.id),
  }
}

function summaries(database: DatabaseSync): (customer: string) => CustomerSummary {
  const newest = database.prepare(
    `SELECT * FROM registration WHERE customer = ? AND ${isRegistered}
     ORDER BY created_at DESC, id DESC LIMIT 1`,
  )
  return (customer) => {
    const row = newest.get(customer)
    return { customer, registration: row && registrationOf(row) }
  }
}

/** What holds the slots of a customer, deleted registrations included. */
function holdersOf(database: DatabaseSync, customer: string): string[] {
  return database
    .prepare("SELECT * FROM registration WHERE customer = ? AND form <> 'unregistered'")
    .all(customer)
    .map((row) => customerHolder(registrationOf(row).identity))
}

function openHourOf(row: Row): OpenHour {
  return {
    dimension: String(row['dimension']),
    hour: Number(row['hour']),
    quantity: amountOf(row),
  }
}
