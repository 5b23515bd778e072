import type { DatabaseSync } from 'node:sqlite'
import type { Retention } from '../retention.ts'
import { amountOf, toColumns } from './amount-columns.ts'

/** Whole units of an account in forgotten records from which on they are no longer counted. */
const mostPruned = 10n ** 17n

/** How many settled records one transaction forgets. */
const mostForgotten = 500

/** Settled records from before ?1, at most `limit` after the first `offset`. */
function oldRecordsSql(limit: number, offset = 0): string {
  return `SELECT id FROM record WHERE state IN ('accepted', 'moved') AND hour < ?1 AND settled_at < ?1
          LIMIT ${limit} OFFSET ${offset}`
}

/** Asks whether more settled records are older than ?1 than one transaction forgets. */
export const moreToForgetSql = oldRecordsSql(1, mostForgotten)

/** Deletes what is old: late usage, what was said of licences, and settled records into the totals of their accounts. */
export class Forgetting {
  readonly #late
  readonly #licences
  readonly #old
  readonly #sums
  readonly #total
  readonly #level
  readonly #parts
  readonly #records

  constructor(database: DatabaseSync) {
    this.#late = database.prepare('DELETE FROM late_usage WHERE hour < ?')
    this.#licences = database.prepare('DELETE FROM licence WHERE at < ?')
    this.#old = database.prepare(oldRecordsSql(mostForgotten))
    const old = '(SELECT value FROM json_each(?1))'
    this.#sums = database.prepare(
      `SELECT account_id, divisor, SUM(record_part.quantity / 1000000) AS whole,
              SUM(record_part.quantity % 1000000) AS micro
       FROM record_part JOIN account ON account.id = account_id
       JOIN record ON record.id = record_id
       WHERE record_id IN ${old} AND state = 'accepted' GROUP BY account_id`,
    )
    this.#sums.setReadBigInts(true)
    this.#total = database.prepare(
      `UPDATE account SET pruned_whole = pruned_whole + ?1 + (pruned_micro + ?2) / 1000000,
                          pruned_micro = (pruned_micro + ?2) % 1000000 WHERE id = ?3`,
    )
    // Both sides of the balance lose the same, so that neither grows without end.
    this.#level = database.prepare(
      `UPDATE account
       SET reported_whole = reported_whole - pruned_whole - (reported_micro < pruned_micro),
           reported_micro = (reported_micro - pruned_micro + 1000000) % 1000000,
           pruned_whole = 0, pruned_micro = 0
       WHERE pruned_whole >= ${mostPruned}`,
    )
    this.#parts = database.prepare(`DELETE FROM record_part WHERE record_id IN ${old}`)
    this.#records = database.prepare(`DELETE FROM record WHERE id IN ${old}`)
  }

  forget({ settledBefore, lateUsageBefore, licencesBefore }: Retention): void {
    this.#late.run(lateUsageBefore)
    this.#licences.run(licencesBefore)
    const old = JSON.stringify(this.#old.all(settledBefore).map((row) => Number(row['id'])))
    for (const row of this.#sums.all(old)) {
      const { whole, micro } = toColumns(amountOf(row) * (row['divisor'] as bigint))
      this.#total.run(whole, micro, row['account_id'] as bigint)
    }
    this.#level.run()
    this.#parts.run(old)
    this.#records.run(old)
  }
}
