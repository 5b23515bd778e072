import type { Changes } from '../../../src/store/changes.ts'
import type { Row } from '../../../src/store/postgres/connection/database.ts'
import { isShared } from '../../../src/metering/account.ts'
import { clusterHolder } from '../../../src/metering/slot.ts'
import { ModelBook } from '../../support/store/model-book.ts'
import { isUnsent } from '../../support/store/model-view.ts'

interface LeaseRow {
  incarnation: string | null
  until: number
  sequence: number
}

const keptAheadMs = 25 * 3_600_000

/** The book of a database and its leases. One transaction runs at a time; the clock is the server's. */
export class ModelDatabase {
  book = new ModelBook()
  readonly #leases = new Map<number, LeaseRow>()
  readonly #resources: string[] = []
  readonly #now: () => number
  #tail: Promise<unknown> = Promise.resolve()

  constructor(now: () => number) {
    this.#now = now
    // Readings that all share are kept under a name of their own, once they are an amount.
    this.book.resources.set(clusterHolder, now())
  }

  /** Runs `work` when what came before it is committed or rolled back. */
  exclusively<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#tail.then(work)
    this.#tail = result.catch(() => {})
    return result
  }

  /** The number of a task or pod, whose lease is made with it. */
  idOf(resource: string): number {
    const known = this.#resources.indexOf(resource)
    if (known !== -1) return known
    this.book.resources.set(resource, this.#now())
    this.#leases.set(this.#resources.length, { incarnation: null, until: -Infinity, sequence: 0 })
    return this.#resources.push(resource) - 1
  }

  /** Those that live, in the order of their coming. */
  living(): string[] {
    return this.#resources.filter((_, id) => this.#isAlive(id))
  }

  /** In whose name an operator decides. */
  ownerForCommands(): string | undefined {
    return this.living()[0] ?? this.book.owner ?? this.#resources.at(-1)
  }

  /** Those that are gone and left usage of their own or records that wait for AWS. */
  abandoned(): string[] {
    const open = [...this.book.open.values()].flatMap((cells) => [...cells.values()].slice(0, 1))
    const left = new Set([
      ...open.filter(({ account }) => !isShared(account.key)).map(({ resource }) => resource),
      ...[...this.book.records.values()].filter(isUnsent).map(({ resource }) => resource),
    ])
    return this.#resources.filter((resource, id) => !this.#isAlive(id) && left.has(resource))
  }

  endLeases(resources: readonly string[]): void {
    for (const resource of resources) this.#lease(this.idOf(resource)).incarnation = null
  }

  /** Returns what puts the leases back. */
  saveLeases(): () => void {
    const saved = [...this.#leases].map(([id, row]) => [id, { ...row }] as const)
    return () => {
      for (const [id, row] of saved) this.#leases.set(id, row)
    }
  }

  /** Writes as the store does, whose keys the server dates and whose past is not later than the server's. */
  write(changes: Changes): number[] {
    const now = this.#now()
    const claims = changes.claims.map((claim) => ({
      ...claim,
      createdAt: Math.max(now, Math.min(claim.createdAt, now + keptAheadMs)),
    }))
    const { forget } = changes
    const ahead = Math.max(0, (forget?.at ?? 0) - now)
    const bounded = forget && {
      at: forget.at,
      claimsBefore: forget.claimsBefore - ahead,
      settledBefore: forget.settledBefore - ahead,
      lateUsageBefore: forget.lateUsageBefore - ahead,
      licencesBefore: forget.licencesBefore - ahead,
      readingsBefore: forget.readingsBefore - ahead,
    }
    try {
      return this.book.apply({ ...changes, claims, forget: bounded })
    } catch (error) {
      if (!(error instanceof TypeError) || !/has a record|is used/.test(error.message)) throw error
      throw Object.assign(new Error(error.message), { code: '23505', severity: 'ERROR' })
    }
  }

  /** Answers the statements of `Lease`, and no others. */
  query(sql: string, values: readonly unknown[]): Row[] {
    if (sql.includes('current_setting($1)')) return [{ value: 'on' }]
    const row = this.#lease(values[0] as number)
    const [, incarnation, sequence] = values as [number, string, number]
    const until = this.#now() + Number(/interval '(\d+) milliseconds'/.exec(sql)?.[1] ?? 0)
    const isMine = row.incarnation === incarnation
    if (/SET incarnation = \$2, until = .*sequence = sequence \+ 1/.test(sql)) {
      Object.assign(row, { incarnation, until, sequence: row.sequence + 1 })
      return [{ sequence: row.sequence }]
    }
    if (/SET sequence = \$3/.test(sql)) {
      if (!isMine || row.sequence !== sequence - 1 || row.until <= this.#now()) return []
      Object.assign(row, { sequence, until })
      return [{}]
    }
    if (/SET sequence = sequence \+ 1 WHERE/.test(sql)) {
      row.sequence += 1
      return [{ before: row.sequence - 1, incarnation: row.incarnation }]
    }
    if (/AS new SET incarnation = \$2/.test(sql)) {
      const regained = row.incarnation === null
      if (!regained && !isMine) return []
      Object.assign(row, { incarnation, until })
      return [{ sequence: row.sequence, regained }]
    }
    if (/SET until = /.test(sql)) {
      if (isMine) row.until = until
      return []
    }
    if (/SET incarnation = NULL/.test(sql)) {
      if (isMine) row.incarnation = null
      return []
    }
    throw new Error(`the model does not know the statement ${sql}`)
  }

  #lease(id: number): LeaseRow {
    const row = this.#leases.get(id)
    if (row === undefined) throw new Error(`there is no lease ${id}`)
    return row
  }

  #isAlive(id: number): boolean {
    const { incarnation, until } = this.#lease(id)
    return incarnation !== null && until > this.#now()
  }
}
