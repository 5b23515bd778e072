import { isDecision } from '../src/metering/decisions.ts'
import type { RecordAnswer, UsageAnswer } from '../src/http/routes/answers.ts'

/** Records with the same problem for the same reason. */
export interface Problem {
  readonly kind: 'unresolved' | 'refused' | 'waiting' | 'moved'
  readonly code: string
  readonly message: string
  readonly records: readonly RecordAnswer[]
}

const kinds: Readonly<Partial<Record<RecordAnswer['state'], Problem['kind']>>> = {
  unresolved: 'unresolved',
  refused: 'refused',
  sealed: 'waiting',
  sending: 'waiting',
  moved: 'moved',
}
const order: readonly Problem['kind'][] = ['unresolved', 'refused', 'waiting', 'moved']

/** Groups the records that AWS did not accept by reason. Those that need a person come first. */
export function problemsOf({ pending, settled }: UsageAnswer): Problem[] {
  const failed = [...pending, ...settled].filter(
    ({ state, lastCode }) => state !== 'accepted' && lastCode !== null && !isDecision(lastCode),
  )
  const groups = Map.groupBy(failed, ({ state, lastCode }) => `${kinds[state]} ${lastCode}`)
  return [...groups.values()]
    .flatMap((records) => {
      const [first] = records
      const kind = first && kinds[first.state]
      if (first === undefined || kind === undefined) return []
      return [{ kind, code: first.lastCode ?? '', message: first.lastMessage ?? '', records }]
    })
    .toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
}

export const headlines: Readonly<Record<Problem['kind'], string>> = {
  unresolved: 'Perhaps billed',
  refused: 'Refused by AWS',
  waiting: 'Not accepted by AWS yet',
  moved: 'Moved to a later hour',
}

/** What happens to the records, and what a person can do. */
export const remedies: Readonly<Record<Problem['kind'], string>> = {
  unresolved:
    'Look at the hour in the Marketplace reports, then decide: --delivered if AWS has billed it, --resend if not. Nothing is sent again before that.',
  refused:
    'Fix what AWS reports. The sidecar tries again automatically, at most 15 minutes apart. To try now:',
  waiting: 'Nothing is lost. The sidecar repeats the call automatically, at most 5 minutes apart.',
  moved:
    'The usage is billed with the later hour. Look for something else that meters for this task or pod.',
}

/** Returns the commands that help with a record. Each is complete: none may be read as a pipe by a shell. */
export function commandsFor({ kind, records }: Problem): string[] {
  const [first] = records
  if (first === undefined) return []
  if (kind === 'refused') return [`marketplace-sidecar ledger retry ${first.id}`]
  if (kind === 'unresolved')
    return ['--delivered', '--resend'].map(
      (option) => `marketplace-sidecar ledger resolve ${first.id} ${option}`,
    )
  return []
}
