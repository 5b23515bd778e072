import { SidecarError } from '../../kernel/errors.ts'
import { firstSentence } from '../../kernel/text/first-sentence.ts'
import { auditBook, imbalancesOf } from '../../ledger/audit/audit.ts'
import { otherCustomers, otherOwner, ownerForCustomers } from '../../ledger/opening/other-book.ts'
import type { Product } from '../../product/product.ts'
import { withSnapshot } from '../../store/sqlite/file/commands/book-file.ts'
import { importedInto } from '../../store/sqlite/file/commands/imported.ts'
import { SqliteReader } from '../../store/sqlite/sqlite-reader.ts'
import type { BookReader } from '../../store/store.ts'
import { defineCheck } from '../check.ts'
import type { Diagnosis } from '../diagnosis.ts'

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
    Imported: {
      status: 'fail',
      when: 'It was imported into a database and continues there, so no sidecar opens the file.',
      fix: 'Set SIDECAR_DATABASE_URL_FILE. If "ledger import" did not end, run it again with that database.',
    },
    OfAnother: {
      status: 'fail',
      when: 'It belongs to customers of another region, or to another kind of product, so the sidecar does not open it.',
      fix: 'Give the sidecar a separate directory or database, or correct the route and the region in the product file.',
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
    Held: {
      status: 'warn',
      when: 'Usage is held and is not billed until an operator decides.',
      fix: 'See it with "ledger show", then use "ledger release" or "ledger void".',
    },
    Refused: {
      status: 'warn',
      when: 'AWS has refused a record.',
      fix: 'Fix what AWS complains about according to "ledger show", then use "ledger retry <id>".',
    },
  },
  async run(diagnosis, findings) {
    try {
      const { owner, usage, gauges, balances, imported, other } = await lookAt(diagnosis)
      const wrong = imbalancesOf(balances).length
      const refused = gauges.states.get('refused') ?? 0
      const { unresolvedCount, held } = usage
      if (imported !== undefined)
        findings.problem('Imported', `It was imported into the database ${imported}.`)
      if (other !== undefined) findings.problem('OfAnother', firstSentence(other))
      if (wrong > 0)
        findings.problem('Imbalanced', `${wrong} of ${balances.length} accounts do not add up.`)
      else
        findings.pass(
          `Every unit is in its place. It belongs to ${owner?.identity ?? 'no task or pod yet'}.`,
        )
      if (unresolvedCount > 0)
        findings.problem('Unresolved', `${count(unresolvedCount)} for a decision.`)
      if (held.length > 0)
        findings.problem(
          'Held',
          `Usage of ${held.length === 1 ? 'an hour' : `${held.length} hours`} is held.`,
        )
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

async function lookAt(diagnosis: Diagnosis) {
  const { databaseUrl: url, product, values, machine } = diagnosis
  const now = machine.clock.now()
  const { resource } = await diagnosis.platform()
  const look = async (book: BookReader) => ({
    owner: await book.owner(),
    usage: await book.usage(now),
    gauges: await book.gauges(),
    balances: auditBook(await book.accountSums()),
  })
  if (url?.ok === true) {
    const { readBook } = await import('../../store/postgres/commands/postgres-book.ts')
    return readBook(url.value, async (book) => ({
      ...(await look(book)),
      imported: undefined,
      other: product && (await otherCustomers(product.region, book)),
    }))
  }
  return withSnapshot(values.get('SIDECAR_DATA_DIR'), async (database) => {
    const seen = await look(new SqliteReader(database))
    return {
      ...seen,
      imported: importedInto(database),
      other: product && otherOwner(ownerOf(product, resource), seen.owner?.identity),
    }
  })
}

/** Who a sidecar of this product is to its book. */
function ownerOf({ productCode, region }: Product, resource: string): string {
  return region === undefined ? resource : ownerForCustomers(productCode, region)
}

function count(records: number): string {
  return records === 1 ? 'A record waits' : `${records} records wait`
}
