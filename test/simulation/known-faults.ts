import type { SimulatedPod } from './simulated-pod.ts'
import type { Violation } from './violation.ts'

interface KnownFault {
  readonly name: string
  readonly explains: (violation: Violation, pod: SimulatedPod) => boolean
}

const dayMs = 86_400_000

/** Faults of today's rules that break an invariant. A row goes when its fault is fixed. */
const knownFaults: readonly KnownFault[] = [
  {
    // What is moved, folded late or reported ahead after the last sealing pass stays open.
    name: 'the end does not seal again what was moved or reported ahead',
    explains: ({ what, message }) => what === 'left-behind' && message.includes(' are open in '),
  },
  {
    // The sidecar's clock is judged by itself: keys of less than a day are pruned.
    name: 'a clock that jumps ahead prunes idempotency keys',
    explains: ({ what }, { furthestAhead }) => what === 'counted-twice' && furthestAhead > dayMs,
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
