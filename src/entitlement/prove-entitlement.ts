import { backoffMs } from '../kernel/backoff.ts'
import { sleep, type Clock } from '../kernel/clock.ts'
import { routeOf } from '../product/routes.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import { fail, type Result } from '../kernel/result.ts'
import { Entitlement } from './entitlement-state.ts'
import type { Grace } from './grace.ts'
import { followKeyRotation, reportKeyInUse } from './key-rotation.ts'
import type { FailedProof, PassedProof, Patience, Proof, ProofContext } from './proof.ts'
import { createProof } from './registry.ts'

/** Why AWS is not called: the regions disagree, or the platform has no metering. */
export interface RegionDenial {
  readonly code: string
  readonly message: string
}

export interface StartEntitlementOptions extends ProofContext {
  /** Real time, for retries and for requests that wait. */
  readonly timers: Clock
  readonly events: Events
  readonly log: Log
  /** From 0 up to but not including 1. */
  readonly random: () => number
  readonly regionDenial: RegionDenial | undefined
  /** Decides how long outages are tolerated; undefined for not at all. */
  readonly grace: Grace | undefined
  /** Ends the attempts; the state stays as it is. */
  readonly signal: AbortSignal
}

/** When credentials are refused, the operator has to act, and asking AWS more often does not help. */
const slowestStartMs = 30_000

/** AWS's quota of registrations counts everything that the account starts: many thousands take half an hour. */
const throttledCapMs = 55 * 60_000

/**
 * Begins to prove that the buyer may run the product and returns at once. Every proof of the product's
 * route has to pass. A failure that passes by itself is retried without end; what AWS or the token
 * check refuses is final. With `regionDenial` AWS is never called.
 */
export function startEntitlement(options: StartEntitlementOptions): Entitlement {
  const { product, regionDenial, grace, log, signal } = options
  const { proofs: names, recordsProve } = routeOf(product.route)
  const proofs = names.map((name) => createProof(name, options))
  const entitlement = new Entitlement({ ...options, recordsProve })
  if (regionDenial !== undefined) {
    entitlement.refuse(regionDenial.code, regionDenial.message)
    return entitlement
  }
  if (grace !== undefined) entitlement.onChange((snapshot) => grace.note(snapshot))
  signal.addEventListener('abort', () => entitlement.stop(), { once: true })
  prove(entitlement, proofs, options).catch((error: unknown) => {
    log(
      'entitlement.failed',
      `The sidecar stopped asking AWS for the entitlement: ${messageOf(error)}. This is a defect; restart the sidecar, and report it with its version.`,
    )
  })
  return entitlement
}

/** Runs the proofs in order. One that has passed is not repeated when a later one fails. */
async function prove(
  entitlement: Entitlement,
  proofs: readonly Proof[],
  options: StartEntitlementOptions,
): Promise<void> {
  const { signal } = options
  for (const proof of proofs) {
    if (signal.aborted) return
    const result = await attemptUntilFinal(entitlement, proof, options)
    if (!result.ok) {
      if (!signal.aborted) entitlement.refuse(result.failure.code, describe(result.failure))
      return
    }
    report(entitlement, result.value, proof, options)
  }
  entitlement.prove()
}

/** Attempts a proof until it passes, is refused permanently, or the sidecar stops. */
async function attemptUntilFinal(
  entitlement: Entitlement,
  proof: Proof,
  options: StartEntitlementOptions,
): Promise<Result<PassedProof, FailedProof>> {
  const { timers, random, signal, grace } = options
  let throttles = 0
  for (let attempt = 1; ; attempt += 1) {
    const result = await attemptSafely(proof)
    if (result.ok || result.failure.patience === 'never' || signal.aborted) return result
    throttles = result.failure.kind === 'throttled' ? throttles + 1 : 0
    const delayMs =
      throttles > 0
        ? backoffMs(throttles, random, { capMs: throttledCapMs })
        : delayAfter(attempt, result.failure.patience, random)
    reportFailure(entitlement, result.failure, { attempt, delayMs }, options)
    const more = grace === undefined ? [] : [grace.recalled]
    await sleep(timers, delayMs, AbortSignal.any([signal, ...more]))
    if (signal.aborted) return result
  }
}

/** Our own defect must not lock out a paying buyer permanently, so it is retried like a slow failure. */
async function attemptSafely(proof: Proof): Promise<Result<PassedProof, FailedProof>> {
  try {
    return await proof.attempt()
  } catch (error) {
    return fail({
      code: 'InternalError',
      message: `The proof of entitlement failed unexpectedly: ${messageOf(error)}.`,
      advice: "Report this with the sidecar's version.",
      kind: undefined,
      patience: 'slowly',
    })
  }
}

function delayAfter(attempt: number, patience: Patience, random: () => number): number {
  return patience === 'slowly'
    ? Math.max(slowestStartMs, backoffMs(attempt, random, { baseMs: 2 * slowestStartMs }))
    : backoffMs(attempt, random)
}

function reportFailure(
  entitlement: Entitlement,
  failure: FailedProof,
  { attempt, delayMs }: { readonly attempt: number; readonly delayMs: number },
  { log, grace }: StartEntitlementOptions,
): void {
  const { code, patience, kind } = failure
  const message = describe(failure)
  const { state, code: lastCode } = entitlement.snapshot()
  // The change of state already logs the first reason.
  const isNews = state !== 'starting' && code !== lastCode
  const event = isNews ? 'entitlement.other-reason' : 'entitlement.retry'
  log(event, message, { code, attempt, delayMs })
  const graceUntil = entitlement.known() ? undefined : grace?.until(patience === 'soon')
  const reason = { code, message, byIam: kind === 'credentials' }
  entitlement.reportUndecided(reason, Math.ceil(delayMs / 1000), graceUntil)
}

/** What happened and what to do. */
function describe({ message, advice }: FailedProof): string {
  return `${message} ${advice}`.trim()
}

function report(
  entitlement: Entitlement,
  { warnings, signingKey }: PassedProof,
  proof: Proof,
  options: StartEntitlementOptions,
): void {
  const { clock, events, log, signal } = options
  for (const warning of warnings) log('entitlement.warning', warning)
  if (signingKey === undefined) return
  const attempt = () => attemptSafely(proof)
  const rotation = { entitlement, clock, events, log, attempt, signal }
  reportKeyInUse(signingKey, rotation)
  void followKeyRotation(signingKey, rotation)
}
