import type { SimulatedPod } from './simulated-pod.ts'
import type { Violation } from './violation.ts'

interface KnownFault {
  readonly name: string
  readonly explains: (violation: Violation, pod: SimulatedPod) => boolean
}

/** What is known to break an invariant. A row goes when it no longer does. */
const knownFaults: readonly KnownFault[] = [
  {
    // What a full record or a moved one carries at the end may lie in an hour that is still ahead.
    name: 'the end leaves usage open that it carried to a later hour',
    explains: ({ what, message }) =>
      what === 'left-behind' && message.includes(' are open in ') && message.endsWith(', ahead'),
  },
]

/** The known fault behind a violation. */
export function knownFaultOf(violation: Violation, pod: SimulatedPod): string | undefined {
  return knownFaults.find(({ explains }) => explains(violation, pod))?.name
}
