import { hourMs } from '../../src/metering/hour.ts'
import type { SimulatedPod } from './simulated-pod.ts'
import type { Violation } from './violation.ts'

interface KnownFault {
  readonly name: string
  readonly explains: (violation: Violation, pod: SimulatedPod) => boolean
}

/** Faults of today's rules that break an invariant. A row goes when its fault is fixed. */
const knownFaults: readonly KnownFault[] = [
  {
    // The last sealing pass is one pass, and what it or an answer puts into a later hour stays open.
    name: 'the end does not seal again what was moved, carried above a full record, or reported ahead',
    explains: ({ what, message }, { movedAtEnd, capped }) =>
      what === 'left-behind' &&
      message.includes(' are open in ') &&
      (movedAtEnd > 0 || capped > 0 || message.endsWith(', ahead')),
  },
  {
    // Keys are kept for 25 hours of the sidecar's clock; one that jumps an hour ahead, also by
    // being set right, drops keys of the last day.
    name: 'a clock that jumps ahead prunes idempotency keys',
    explains: ({ what }, { steppedAhead }) => what === 'counted-twice' && steppedAhead >= hourMs,
  },
  {
    // Another name for the same task or pod adopts the book; AWS answers with the first record's id.
    name: 'a guessed identity adopts the book of its own task or pod',
    explains: ({ what }, { hasAlias }) =>
      hasAlias && ['one-id-twice', 'billed-twice', 'never-billed'].includes(what),
  },
]

/** The known fault behind a violation. */
export function knownFaultOf(violation: Violation, pod: SimulatedPod): string | undefined {
  return knownFaults.find(({ explains }) => explains(violation, pod))?.name
}
