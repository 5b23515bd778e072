/** The states as `GET /v1/entitlement` and the metrics name them. */
export const entitlementStates = [
  'starting',
  'entitled',
  'denied',
  'denied-by-iam',
  'unreachable',
  'grace',
] as const
export type EntitlementState = (typeof entitlementStates)[number]

/** `denied` is two phases: AWS refused a record, which the next record may undo, or the proof, which is permanent. */
export const phases = [
  'starting',
  'unreachable',
  'denied-by-iam',
  'grace',
  'entitled',
  'suspended',
  'refused',
] as const
export type Phase = (typeof phases)[number]

export const entitlementEvents = [
  /** Every proof of the route has passed. */
  'proved',
  /** A proof was refused permanently. */
  'refused',
  /** A proof failed and is tried again; no grace is left. */
  'failed',
  /** The same, because the role lacks the permission or its credentials do not hold. */
  'deniedByIam',
  /** Either of the two, within the grace time. */
  'failedInGrace',
  /** AWS accepted a record, which counts as a proof: by the route, or because the proof has passed. */
  'recordAccepted',
  /** AWS refused a record because the buyer is not entitled. */
  'recordRefused',
] as const
export type EntitlementEvent = (typeof entitlementEvents)[number]

/**
 * The state machine. An event that a phase does not list changes nothing: an outage never takes away
 * what was proved, and nothing undoes a refused proof. A phase that leads to itself adopts the newer
 * reason. docs/explain/entitlement.md has the same table.
 */
export const transitions: Readonly<
  Record<Phase, Readonly<Partial<Record<EntitlementEvent, Phase>>>>
> = {
  starting: {
    proved: 'entitled',
    refused: 'refused',
    failed: 'unreachable',
    deniedByIam: 'denied-by-iam',
    failedInGrace: 'grace',
    recordAccepted: 'entitled',
    recordRefused: 'suspended',
  },
  unreachable: {
    proved: 'entitled',
    refused: 'refused',
    failed: 'unreachable',
    deniedByIam: 'denied-by-iam',
    failedInGrace: 'grace',
    recordAccepted: 'entitled',
    recordRefused: 'suspended',
  },
  'denied-by-iam': {
    proved: 'entitled',
    refused: 'refused',
    failed: 'unreachable',
    deniedByIam: 'denied-by-iam',
    failedInGrace: 'grace',
    recordAccepted: 'entitled',
    recordRefused: 'suspended',
  },
  grace: {
    proved: 'entitled',
    refused: 'refused',
    failed: 'unreachable',
    deniedByIam: 'denied-by-iam',
    failedInGrace: 'grace',
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
