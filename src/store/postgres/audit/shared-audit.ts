import { randomUUID } from 'node:crypto'
import type { AuditFindings } from '../../summary.ts'
import type { Session } from '../connection/database.ts'
import { serverNow } from '../server-time.ts'

interface SharedAuditOptions {
  readonly database: Session
  /** Audits the whole book. */
  readonly audit: () => Promise<AuditFindings>
  /** How many times as long as the last audit took none begins after it. */
  readonly rest: number
  /** How long an audit may take: after that, the one that began it is gone. */
  readonly longestMs: number
}

/** What the row says: who began the last audit, when, and what it found; the last two are of the one before while it runs. */
interface AuditRow {
  readonly by: string
  readonly begunAt: number
  readonly isRunning: boolean
  readonly tookMs?: number
  readonly findings?: string
}

const name = 'audit'
const nothing: AuditFindings = { unbalanced: [], sharedMeteringIds: [] }

/**
 * Audits a book for all that share it: an audit reads every record, and each of many sidecars would do so after
 * each sealing. One of them does, and the others learn what it found; of a large book no more often than the rest says.
 */
export class SharedAudit {
  readonly #options: SharedAuditOptions

  constructor(options: SharedAuditOptions) {
    this.#options = options
  }

  /** What this audit finds, or the last one where it is too soon for another. */
  async findings(): Promise<AuditFindings> {
    const { database, audit } = this.#options
    const by = randomUUID()
    if (!(await this.#begin(by))) return this.#lastFindings()
    const findings = await audit()
    await database.query(
      `UPDATE marketplace_sidecar.meta SET value = (value::jsonb || jsonb_build_object('isRunning', false,
         'tookMs', ${serverNow} - (value::jsonb ->> 'begunAt')::bigint, 'findings', $3::text))::text
       WHERE name = $1 AND value::jsonb ->> 'by' = $2`,
      [name, by, textOf(findings)],
    )
    return findings
  }

  /** Whether it is this one's turn. The server's clock may have been ahead. */
  async #begin(by: string): Promise<boolean> {
    const { database, rest, longestMs } = this.#options
    const rows = await database.query(
      `INSERT INTO marketplace_sidecar.meta AS known
       VALUES ($1, jsonb_build_object('by', $2::text, 'begunAt', ${serverNow}, 'isRunning', true)::text)
       ON CONFLICT (name) DO UPDATE SET value = (known.value::jsonb || excluded.value::jsonb)::text
       WHERE ${serverNow} - (known.value::jsonb ->> 'begunAt')::bigint
         NOT BETWEEN 0 AND CASE WHEN (known.value::jsonb ->> 'isRunning')::boolean THEN $4::bigint
           ELSE (known.value::jsonb ->> 'tookMs')::bigint * ($3::bigint + 1) END - 1
       RETURNING 1`,
      [name, by, rest, longestMs],
    )
    return rows.length > 0
  }

  async #lastFindings(): Promise<AuditFindings> {
    const [row] = await this.#options.database.query(
      'SELECT value FROM marketplace_sidecar.meta WHERE name = $1',
      [name],
    )
    if (row === undefined) return nothing
    const { findings } = JSON.parse(String(row['value'])) as AuditRow
    return findings === undefined ? nothing : findingsOf(findings)
  }
}

/** Amounts have more digits than a number of JSON. */
function textOf(findings: AuditFindings): string {
  return JSON.stringify(findings, (_, value: unknown) =>
    typeof value === 'bigint' ? { micro: String(value) } : value,
  )
}

function findingsOf(text: string): AuditFindings {
  return JSON.parse(text, (_, value: unknown) => {
    const isAmount = typeof value === 'object' && value !== null && 'micro' in value
    return isAmount ? BigInt(String(value.micro)) : value
  }) as AuditFindings
}
