import { messageOf } from '../../kernel/errors.ts'
import type { Timer } from '../../kernel/clock.ts'
import { announcedNote, readDecisions } from '../../ledger/decisions/trail.ts'
import { decisionsNote } from '../../store/summary.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { SidecarOptions } from '../sidecar-options.ts'

/** How often decisions of another process are looked for. */
const lookAgainMs = 60_000

export interface DecisionsPart extends AsyncDisposable {
  /** Emits at once what was just decided. */
  announce(): void
}

/**
 * Emits what operators decide, also in another process and while the sidecar was stopped. Each decision
 * is emitted once; looks at once, and then every minute until it is disposed of.
 */
export function startDecisions(
  { timers, events, log }: Pick<SidecarOptions, 'timers' | 'events' | 'log'>,
  ledger: Pick<Ledger, 'recall' | 'remember'>,
): DecisionsPart {
  let timer: Timer | undefined
  let isOver = false
  const look = async () => {
    const announced = Number((await ledger.recall(announcedNote)) ?? 0)
    const made = readDecisions(await ledger.recall(decisionsNote))
    const news = made.filter(({ number }) => number > announced)
    for (const decision of news) events.emit('decisionMade', decision)
    const last = news.at(-1)
    if (last !== undefined) await ledger.remember(announcedNote, String(last.number))
  }
  const lookAndWait = async (): Promise<void> => {
    try {
      await look()
    } catch (error) {
      log('operator.not-read', messageOf(error))
    }
    if (!isOver) {
      timer = timers.after(lookAgainMs, () => {
        looking = lookAndWait()
      })
    }
  }
  let looking = lookAndWait()
  return {
    announce() {
      looking = looking.then(() => {
        timer?.cancel()
        return isOver ? undefined : lookAndWait()
      })
    },
    async [Symbol.asyncDispose]() {
      isOver = true
      timer?.cancel()
      await looking
    },
  }
}
