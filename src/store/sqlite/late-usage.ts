import type { DatabaseSync } from 'node:sqlite'
import type { OpenHour, ReportReceipt, UsageRequest } from '../../metering/report.ts'

/** Keeps these rows of the table `meta` apart from all others, in the order of their hours. */
const prefix = 'late:'
const afterPrefix = 'late;'

/**
 * What came for an hour that was closed already, by the hour that took it. For people only: the
 * balance of the book does not rest on it.
 */
export class LateUsage {
  readonly #find
  readonly #put
  readonly #since
  readonly #forget

  constructor(database: DatabaseSync) {
    this.#find = database.prepare('SELECT value FROM meta WHERE name = ?')
    this.#put = database.prepare(
      'INSERT INTO meta VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2',
    )
    this.#since = database.prepare(
      `SELECT name, value FROM meta WHERE name >= ? AND name < '${afterPrefix}' ORDER BY name`,
    )
    this.#forget = database.prepare(`DELETE FROM meta WHERE name >= '${prefix}' AND name < ?`)
  }

  /** Adds the late ones of a request that was just recorded. Inside a transaction only. */
  note(request: UsageRequest, receipts: readonly ReportReceipt[]): void {
    const sums = new Map<string, bigint>()
    for (const [index, { result, late, hour }] of receipts.entries()) {
      const report = request.reports[index]
      if (!late || result !== 'accepted' || report === undefined) continue
      const name = firstNameOf(hour) + report.dimension
      sums.set(name, (sums.get(name) ?? 0n) + report.quantity)
    }
    for (const [name, quantity] of sums) {
      const before = BigInt(String(this.#find.get(name)?.['value'] ?? 0))
      this.#put.run(name, String(before + quantity))
    }
  }

  /** By hour and dimension, for hours from `hour` on. */
  since(hour: number): OpenHour[] {
    return this.#since.all(firstNameOf(hour)).map((row) => {
      const name = String(row['name']).slice(prefix.length)
      const end = name.indexOf(':')
      return {
        dimension: name.slice(end + 1),
        hour: Number(name.slice(0, end)),
        quantity: BigInt(String(row['value'])),
      }
    })
  }

  /** Forgets hours before `hour`. Inside a transaction only. */
  prune(hour: number): void {
    this.#forget.run(firstNameOf(hour))
  }
}

/** Less than the name of any dimension of this hour, and more than all of the hour before. */
function firstNameOf(hour: number): string {
  return `${prefix}${String(Math.max(0, hour)).padStart(15, '0')}:`
}
