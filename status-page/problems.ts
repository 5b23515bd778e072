import { isDecision } from '../src/metering/record/decisions.ts'
import { heldReasonTable } from '../src/metering/held.ts'
import type { RecordAnswer, UsageAnswer } from '../src/http/routes/answers.ts'

/** A record, or an hour of held usage, that has a problem. */
interface Item {
  readonly id: number
  readonly customer: string | null
  readonly dimension: string
  readonly hour: string
  readonly quantity: number
  readonly movedTo: string | null
  readonly acceptedUntil: string | null
}

/** Records or held hours with the same problem for the same reason. */
export interface Problem {
  readonly kind: 'unresolved' | 'refused' | 'held' | 'waiting' | 'moved'
  readonly code: string
  readonly message: string
  readonly items: readonly Item[]
}

const kinds: Readonly<Partial<Record<RecordAnswer['state'], Problem['kind']>>> = {
  unresolved: 'unresolved',
  refused: 'refused',
  sealed: 'waiting',
  sending: 'waiting',
  moved: 'moved',
}
const order: readonly Problem['kind'][] = ['unresolved', 'refused', 'held', 'waiting', 'moved']

/** Groups what AWS did not accept, and what is held, by reason. What needs a person comes first. */
export function problemsOf({ pending, settled, held }: UsageAnswer): Problem[] {
  const failed = [...pending, ...settled].filter(
    ({ state, lastCode, movedTo }) =>
      state !== 'accepted' &&
      // Its usage is among what is held, with the reason.
      (state !== 'moved' || movedTo !== null) &&
      lastCode !== null &&
      !isDecision(lastCode),
  )
  const groups = Map.groupBy(failed, ({ state, lastCode }) => `${kinds[state]} ${lastCode}`)
  const records = [...groups.values()].flatMap((items) => {
    const [first] = items
    const kind = first && kinds[first.state]
    if (first === undefined || kind === undefined) return []
    return [{ kind, code: first.lastCode ?? '', message: first.lastMessage ?? '', items }]
  })
  const reasons = [...Map.groupBy(held, ({ reason }) => reason)].map(([code, items]) => ({
    kind: 'held' as const,
    code,
    message: heldReasonTable[code],
    items: items.map((item) => ({ ...item, movedTo: null })),
  }))
  return [...records, ...reasons].toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
}

/** Counts the unresolved records that are too old for the lists. */
export function unresolvedOlder({ settled, unresolvedCount }: UsageAnswer): number {
  return unresolvedCount - settled.filter(({ state }) => state === 'unresolved').length
}

export const headlines: Readonly<Record<Problem['kind'], string>> = {
  unresolved: 'Perhaps billed',
  refused: 'Refused by AWS',
  held: 'Held back',
  waiting: 'Not accepted by AWS yet',
  moved: 'Moved to a later hour',
}

/** What happens to the records, and what a person can do. */
const remedies: Readonly<Record<Problem['kind'], string>> = {
  unresolved:
    'Look at the hour in the Marketplace reports, then decide: delivered if AWS has billed it, resend if not. While AWS still accepts the record, resend needs --force. Nothing is sent again before you decide.',
  refused:
    'Fix what AWS reports. The sidecar tries again automatically, at most 15 minutes apart. To try now:',
  held: 'It is not billed until you decide. To bill it with the current hour:',
  waiting: 'Nothing is lost. The sidecar repeats the call automatically, at most 5 minutes apart.',
  moved:
    'The usage is billed with the later hour. Look for something else that meters for this task or pod.',
}

/** Returns what a person can do. A record that was too late is no sign of a second sender. */
export function remedyFor({ kind, code }: Pick<Problem, 'kind' | 'code'>): string {
  return kind === 'moved' && code === 'TimestampOutOfBoundsException'
    ? 'The usage is billed with the later hour: it reached AWS too late, as after an outage. If that is over, you need to do nothing.'
    : remedies[kind]
}

/** Returns the commands that help with a record. Each is complete: none may be read as a pipe by a shell. */
export function commandsFor({ kind, items }: Problem): string[] {
  const [first] = items
  if (first === undefined) return []
  switch (kind) {
    case 'refused':
      return [`marketplace-sidecar ledger retry ${first.id}`]
    case 'held':
      return [`marketplace-sidecar ledger release ${first.id}`]
    case 'unresolved':
      return ['--delivered', '--resend'].map(
        (option) => `marketplace-sidecar ledger resolve ${first.id} ${option}`,
      )
    case 'waiting':
    case 'moved':
      return []
  }
}
