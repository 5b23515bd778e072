import type { UsageAnswer } from '../src/http/routes/answers.ts'
import { showFacts } from './facts.ts'
import { showBytes, showNumber } from './format.ts'

const kinds: Readonly<Record<UsageAnswer['store']['kind'], string>> = {
  sqlite: 'files of this task or pod',
  postgres: 'a PostgreSQL database that others may share',
}

/** Shows where the book is kept, and how much room is left. */
export function showStore({ store, unresolvedCount }: UsageAnswer): void {
  const { kind, ledgerBytes, freeBytes, volumeBytes } = store
  const room =
    freeBytes === null || volumeBytes === null
      ? 'not known here'
      : `${showBytes(freeBytes)} of ${showBytes(volumeBytes)}, ${Math.floor((freeBytes / volumeBytes) * 100)} %`
  showFacts('store', [
    ['Kept in', kinds[kind]],
    ['Size', ledgerBytes === null ? 'not known' : showBytes(ledgerBytes)],
    ['Free on its volume', room],
    ['Unresolved records', showNumber(unresolvedCount)],
  ])
}
