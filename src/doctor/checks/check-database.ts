import { SidecarError } from '../../kernel/errors.ts'
import { defineCheck } from '../check.ts'

const oldestServer = 130_000
const tolerableSkewMs = 5000

export const databaseCheck = defineCheck({
  id: 'database',
  title:
    'The database of `SIDECAR_DATABASE_URL_FILE`, as a sidecar that starts uses it: reached, encrypted, migrated, durable, with the rights that it needs.',
  needs: [],
  problems: {
    Unreachable: {
      status: 'fail',
      when: 'It cannot be reached, does not accept the login, or its certificate is not trusted.',
      fix: 'Check address, network, password and sslrootcert; docs/guides/postgresql.md has an example.',
    },
    NotMigrated: {
      status: 'fail',
      when: 'It has no schema marketplace_sidecar, or one of another version.',
      fix: 'Run "ledger migrate" with the role of the schema\'s owner.',
    },
    NotDurable: {
      status: 'fail',
      when: '`synchronous_commit` or `fsync` is off.',
      fix: 'Set both to on, for the server, the database and the role.',
    },
    NoRights: {
      status: 'fail',
      when: 'The role may not read and write every table of the schema.',
      fix: 'Run "ledger migrate --grant-to" with the name of the role, as the schema\'s owner.',
    },
    TooOld: {
      status: 'fail',
      when: 'The server is older than PostgreSQL 13.',
      fix: 'Use PostgreSQL 13 or later.',
    },
    ClockSkewed: {
      status: 'warn',
      when: "Its clock differs from this machine's by more than 5 seconds.",
      fix: 'Synchronize both clocks. Leases go by the clock of the database alone, so nothing is billed twice.',
    },
  },
  async run(diagnosis, findings) {
    const { databaseUrl } = diagnosis
    if (databaseUrl === undefined) {
      findings.pass('None is used: the ledger is in the data directory.')
      return
    }
    if (!databaseUrl.ok) {
      findings.skip(`Not checked: ${databaseUrl.failure}.`)
      return
    }
    const { inspectDatabase } = await import('../../store/postgres/commands/inspect-database.ts')
    try {
      const state = await inspectDatabase(databaseUrl.value, () => diagnosis.machine.timers.now())
      const { name, serverVersion, deniedTable, clockAheadMs, isEncrypted } = state
      if (serverVersion < oldestServer)
        findings.problem('TooOld', `${name} is PostgreSQL ${Math.floor(serverVersion / 10_000)}.`)
      else if (deniedTable !== undefined)
        findings.problem('NoRights', `The role may not use the table ${deniedTable} of ${name}.`)
      else
        findings.pass(
          `${name} is reached ${isEncrypted ? 'with TLS' : 'on this machine'}, migrated and durable.`,
        )
      if (Math.abs(clockAheadMs) > tolerableSkewMs)
        findings.problem(
          'ClockSkewed',
          `The clock of ${name} is ${Math.round(Math.abs(clockAheadMs) / 1000)} s ${clockAheadMs > 0 ? 'ahead' : 'behind'}.`,
        )
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error
      findings.problem(problemOf(error), error.message)
    }
  },
})

function problemOf({
  code,
}: SidecarError): 'NotMigrated' | 'NotDurable' | 'NoRights' | 'Unreachable' {
  if (code === 'DatabaseNotMigrated' || code === 'LedgerTooNew') return 'NotMigrated'
  if (code === 'DatabaseNotUsable') return 'NotDurable'
  return 'Unreachable'
}
