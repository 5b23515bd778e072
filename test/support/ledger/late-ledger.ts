import type { SubmissionOptions } from '../../../src/channels/create-submission.ts'
import { settle } from '../manual-clock.ts'

/** How late the next reads and answers resolve, in turns of the event loop; the others are on time. */
export class Lateness {
  #turns: number[] = []

  plan(...turns: number[]): void {
    this.#turns.push(...turns)
  }

  clear(): void {
    this.#turns = []
  }

  async pass(): Promise<void> {
    await settle(this.#turns.shift() ?? 0)
  }
}

/**
 * A ledger whose reads resolve late, with what was true when they began, as those of a shared database
 * do. `isMovedFirst` returns whether another party, such as an operator, moves a record on after the
 * sender has read it and before it marks it.
 */
export function withLateReads(
  ledger: SubmissionOptions['ledger'],
  lateness: Lateness,
  isMovedFirst: () => boolean,
): SubmissionOptions['ledger'] {
  return {
    owner: ledger.owner,
    customers: ledger.customers,
    report: (request) => ledger.report(request),
    countPage: (page) => ledger.countPage(page),
    countStreams: (batch) => ledger.countStreams(batch),
    seal: (request) => ledger.seal(request),
    prune: (doubtfulForMs) => ledger.prune(doubtfulForMs),
    settleAll: (outcomes) => ledger.settleAll(outcomes),
    resealRecord: (id, tokenOf) => ledger.resealRecord(id, tokenOf),
    async pendingRecords(page) {
      const pending = await ledger.pendingRecords(page)
      await lateness.pass()
      return pending
    },
    async hasOpenBefore(...due) {
      const hasOpen = await ledger.hasOpenBefore(...due)
      await lateness.pass()
      return hasOpen
    },
    async markAll(ids) {
      for (const id of ids)
        if (isMovedFirst() && (await ledger.markAll([id])).length > 0)
          await ledger.settleAll([
            [id, { kind: 'hour-taken', code: 'Moved', message: 'by another hand' }],
          ])
      return ledger.markAll(ids)
    },
  }
}
