/** What `GET /v1/entitlement` and the metrics call the states. */
export const entitlementStates = ['starting', 'entitled', 'denied', 'unreachable', 'grace'] as const
export type EntitlementState = (typeof entitlementStates)[number]

/** `denied` is two phases: AWS refused a record, which the next record may mend, or the proof, for good. */
export const phases = [
  'starting',
  'unreachable',
  'grace',
  'entitled',
  'suspended',
  'refused',
] as const
export type Phase = (typeof phases)[number]

export const entitlementEvents = [
  /** Every step of the proof has passed. */
  'proved',
  /** A step was refused for good. */
  'refused',
  /** A step failed and is tried again; no grace is left. */
  'failed',
  /** The same, within the grace time. */
  'failedInGrace',
  'graceOver',
  /** AWS accepted a record, and that proves something: by the route alone, or after the proof. */
  'recordAccepted',
  /** AWS refused a record because the buyer is not entitled. */
  'recordRefused',
] as const
export type EntitlementEvent = (typeof entitlementEvents)[number]

/**
 * The state machine. What is not here is passed over: an outage never takes away what was proved, and
 * nothing makes a refused proof good. A phase that leads to itself takes over the newer reason.
 * docs/entitlement.md has the same table.
 */
export const transitions: Readonly<
  Record<Phase, Readonly<Partial<Record<EntitlementEvent, Phase>>>>
> = {
  starting: {
    proved: 'entitled',
    refused: 'refused',
    failed: 'unreachable',
    failedInGrace: 'grace',
    recordAccepted: 'entitled',
    recordRefused: 'suspended',
  },
  unreachable: {
    proved: 'entitled',
    refused: 'refused',
    failed: 'unreachable',
    failedInGrace: 'grace',
    recordAccepted: 'entitled',
    recordRefused: 'suspended',
  },
  grace: {
    proved: 'entitled',
    refused: 'refused',
    failed: 'unreachable',
    failedInGrace: 'grace',
    graceOver: 'unreachable',
    recordAccepted: 'entitled',
    recordRefused: 'suspended',
  },
  entitled: {
    refused: 'suspended',
    recordRefused: 'suspended',
  },
  suspended: {
    proved: 'entitled',
    refused: 'refused',
    recordAccepted: 'entitled',
    recordRefused: 'suspended',
  },
  refused: {},
}

export function stateOf(phase: Phase): EntitlementState {
  return phase === 'suspended' || phase === 'refused' ? 'denied' : phase
}
