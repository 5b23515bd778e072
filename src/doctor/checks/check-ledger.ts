import { SidecarError } from '../../kernel/errors.ts'
import { auditBook, imbalancesOf } from '../../ledger/audit/audit.ts'
import { readBook } from '../../store/sqlite/file/commands/book-file.ts'
import type { BookReader } from '../../store/store.ts'
import { defineCheck } from '../check.ts'

export const ledgerCheck = defineCheck({
  id: 'ledger',
  title:
    'The ledger of the data directory, or of the database, read without its lock, whether a sidecar runs or not.',
  needs: ['data-directory', 'database'],
  problems: {
    Unusable: {
      status: 'fail',
      when: 'It is damaged, from a newer version, or cannot be read.',
      fix: 'Keep a copy of the directory. Where a newer version wrote the file, run that version; a damaged file is set aside at the next start.',
    },
    Imbalanced: {
      status: 'fail',
      when: 'A reported unit is missing from the ledger, or is in it twice.',
      fix: 'This is a defect: keep the data directory and report it; "ledger audit" shows the figures.',
    },
    Unresolved: {
      status: 'warn',
      when: 'Only AWS knows whether a record was billed.',
      fix: 'See the record with "ledger show", then decide with "ledger resolve"; docs/operate/ledger.md says how.',
    },
    Refused: {
      status: 'warn',
      when: 'AWS has refused a record.',
      fix: 'Fix what AWS complains about according to "ledger show", then use "ledger retry <id>".',
    },
  },
  async run(diagnosis, findings) {
    const directory = diagnosis.values.get('SIDECAR_DATA_DIR')
    const now = diagnosis.machine.clock.now()
    try {
      const look = async (book: BookReader) => ({
        owner: await book.owner(),
        usage: await book.usage(now),
        gauges: await book.gauges(),
        balances: auditBook(await book.accountSums()),
      })
      const { databaseUrl: url } = diagnosis
      const { owner, usage, gauges, balances } = await (url?.ok === true
        ? (await import('../../store/postgres/commands/postgres-book.ts')).readBook(url.value, look)
        : readBook(directory, look))
      const { unresolvedCount } = usage
      const wrong = imbalancesOf(balances).length
      const refused = gauges.states.get('refused') ?? 0
      if (wrong > 0)
        findings.problem('Imbalanced', `${wrong} of ${balances.length} dimensions do not add up.`)
      else
        findings.pass(
          `Every unit is in its place. It belongs to ${owner?.identity ?? 'no task or pod yet'}.`,
        )
      if (unresolvedCount > 0)
        findings.problem('Unresolved', `${count(unresolvedCount)} for a decision.`)
      if (refused > 0)
        findings.problem('Refused', `${count(refused)} until AWS's complaint is fixed.`)
    } catch (error) {
      if (!(error instanceof SidecarError)) throw error
      if (error.code === 'LedgerNotFound')
        findings.pass('There is none yet; the sidecar creates one.')
      else if (error.code === 'LedgerInUse')
        findings.pass('A sidecar has exclusive use of it, as it does on a network file system.')
      else findings.problem('Unusable', `${error.code}: ${error.message}`)
    }
  },
})

function count(records: number): string {
  return records === 1 ? 'A record waits' : `${records} records wait`
}
