import { SidecarError } from '../../kernel/errors.ts'
import type { Session } from './connection/database.ts'
import type { Scope } from './scope.ts'

/** A group found no lease of this process: nothing was written. `repair` says what to do. */
export class LeaseMissing extends Error {
  override readonly name = 'LeaseMissing'
}

interface LeaseOptions {
  readonly scope: Scope
  /** Names this process; never used again. */
  readonly incarnation: string
  /** How long it lasts after the last sign of life. */
  readonly leaseMs: number
  /** Called when another one had taken over what this task or pod had left, and it goes on. */
  readonly onRegained: () => void
}

/**
 * The right of one process to act for a task or pod. Every group of changes is counted in the row of the
 * lease, in the group's own transaction. So a group that lost its lease changes nothing, and after a
 * lost connection the row says whether the last group was committed.
 */
export class Lease {
  readonly #options: LeaseOptions
  /** The number of the last group that was decided. */
  #sequence = 0

  constructor(options: LeaseOptions) {
    this.#options = options
  }

  /** The number of the group that comes next. */
  get next(): number {
    return this.#sequence + 1
  }

  /** Takes the lease, also from a process before this one that acts for the same task or pod. */
  async take(session: Session): Promise<void> {
    const { scope, incarnation } = this.#options
    const [row] = await session.query(
      `UPDATE marketplace_sidecar.lease SET incarnation = $2, until = ${this.#untilSql}, sequence = sequence + 1
       WHERE resource_id = $1 RETURNING sequence`,
      [scope.id, incarnation],
    )
    this.#sequence = row?.['sequence'] as number
  }

  /** Counts the next group in its transaction, and renews the lease. Throws LeaseMissing. */
  async count(session: Session): Promise<void> {
    if ((await session.query(`${this.countSql()} RETURNING 1`, this.countValues)).length === 0)
      throw new LeaseMissing()
  }

  /** The statement of `count`, for one that does more; `keyBytes` is the place of what new keys take. Its values come first. */
  countSql(keyBytes?: string): string {
    const keys = keyBytes === undefined ? '' : `, key_bytes = key_bytes + ${keyBytes}`
    return `UPDATE marketplace_sidecar.lease SET sequence = $3, until = ${this.#untilSql}${keys}
      WHERE resource_id = $1 AND incarnation = $2 AND sequence = $3::bigint - 1
        AND until > clock_timestamp()
        AND current_setting('synchronous_commit') <> 'off' AND current_setting('fsync') = 'on'`
  }

  get countValues(): readonly unknown[] {
    return [this.#options.scope.id, this.#options.incarnation, this.next]
  }

  /** The group was committed. */
  counted(): void {
    this.#sequence += 1
  }

  /**
   * Whether the next group, whose connection broke, was committed. Waits for the lock of the row, so for
   * the end of a transaction that is still under way, and takes the group's number: a statement that is
   * still on its way finds nothing to count any more.
   */
  async wasCommitted(session: Session): Promise<boolean> {
    const { scope, incarnation } = this.#options
    const [row] = await session.query(
      `UPDATE marketplace_sidecar.lease SET sequence = sequence + 1 WHERE resource_id = $1
       RETURNING sequence - 1 AS before, incarnation`,
      [scope.id],
    )
    const by = row?.['incarnation']
    if (by !== null && by !== incarnation) throw this.#inUse()
    const before = row?.['before'] as number
    const committed = before === this.next
    this.#sequence = before + 1
    return committed
  }

  /**
   * Gets the lease back after a group missed it. Throws LedgerInUse when another process acts for this
   * task or pod, and DatabaseNotUsable when the database promises nothing.
   */
  async repair(session: Session): Promise<void> {
    await checkDurability(session)
    const { scope, incarnation, onRegained } = this.#options
    const [row] = await session.query(
      `UPDATE marketplace_sidecar.lease AS new SET incarnation = $2, until = ${this.#untilSql}
       FROM (SELECT incarnation FROM marketplace_sidecar.lease WHERE resource_id = $1 FOR UPDATE) AS old
       WHERE resource_id = $1 AND coalesce(new.incarnation, $2) = $2
       RETURNING sequence, old.incarnation IS NULL AS regained`,
      [scope.id, incarnation],
    )
    if (row === undefined) throw this.#inUse()
    this.#sequence = row['sequence'] as number
    if (row['regained'] === true) onRegained()
  }

  /** Renews the lease while nothing else does. */
  async renew(session: Session): Promise<void> {
    const { scope, incarnation } = this.#options
    await session.query(
      `UPDATE marketplace_sidecar.lease SET until = ${this.#untilSql}
       WHERE resource_id = $1 AND incarnation = $2`,
      [scope.id, incarnation],
    )
  }

  /** Lets others take over at once what is left. */
  async release(session: Session): Promise<void> {
    const { scope, incarnation } = this.#options
    await session.query(
      `UPDATE marketplace_sidecar.lease SET incarnation = NULL WHERE resource_id = $1 AND incarnation = $2`,
      [scope.id, incarnation],
    )
  }

  get #untilSql(): string {
    return `clock_timestamp() + interval '${this.#options.leaseMs} milliseconds'`
  }

  #inUse(): SidecarError {
    return new SidecarError(
      'LedgerInUse',
      `Another process acts for ${this.#options.scope.resource} in this database since this one began. It continues; this one ends. Give each task or pod a separate identity.`,
    )
  }
}

/** Throws DatabaseNotUsable unless a commit outlives a power cut. */
export async function checkDurability(session: Session): Promise<void> {
  for (const name of ['synchronous_commit', 'fsync']) {
    const [row] = await session.query('SELECT current_setting($1) AS value', [name])
    if (row?.['value'] === 'off')
      throw new SidecarError(
        'DatabaseNotUsable',
        `${name} is off in the database, so usage that was acknowledged could be lost with the power. Set it to on for the server, the database and the role.`,
        { retryAfterSeconds: 30 },
      )
  }
}
