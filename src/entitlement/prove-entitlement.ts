import type { MeteringApi } from '../aws/metering-api.ts'
import { backoffMs } from '../kernel/backoff.ts'
import { sleep, type Clock } from '../kernel/clock.ts'
import type { Product } from '../product/product.ts'
import { routeOf, type ProofName } from '../product/routes.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import { dryRun } from './dry-run/dry-run.ts'
import { Entitlement } from './entitlement-state.ts'
import type { Grace } from './grace.ts'
import { followKeyRotation, tellKeyRotation } from './register-usage/key-rotation.ts'
import type { FailedStep, PassedStep, ProofStep } from './proof.ts'
import {
  keysNewestFirst,
  registerWithPinnedKeys,
} from './register-usage/register-with-pinned-keys.ts'

/** Why AWS is not even asked: the regions disagree, or the platform has no metering. */
export interface RegionDenial {
  readonly code: string
  readonly message: string
}

export interface StartEntitlementOptions {
  readonly api: MeteringApi
  readonly product: Product
  /** Wall time, for what AWS is told. */
  readonly clock: Clock
  /** Real time, for retries and those who wait. */
  readonly timers: Clock
  readonly events: Events
  readonly log: Log
  /** From 0 up to but not including 1. */
  readonly random: () => number
  /** Cryptographically strong. */
  readonly randomBytes: (length: number) => Uint8Array
  readonly regionDenial: RegionDenial | undefined
  /** What outages are borne; undefined for none. */
  readonly grace: Grace | undefined
  /** Ends the attempts; the state stays as it is. */
  readonly signal: AbortSignal
}

/** With credentials that are refused, somebody has to act; asking AWS more often helps nobody. */
const slowestStartMs = 30_000

/**
 * Begins to prove that the buyer may run the product and returns at once. The product has to pass
 * every proof of its route. What fails in passing is tried again without
 * end; what AWS or the token refuses is final. With `regionDenial` AWS is never called.
 */
export function startEntitlement(options: StartEntitlementOptions): Entitlement {
  const { product, regionDenial, grace, log, signal } = options
  const steps = stepsOf(options)
  const { recordsProve } = routeOf(product.route)
  const entitlement = new Entitlement({ ...options, recordsProve })
  if (regionDenial !== undefined) {
    entitlement.refuse(regionDenial.code, regionDenial.message)
    return entitlement
  }
  if (grace !== undefined) entitlement.onChange((snapshot) => grace.note(snapshot))
  signal.addEventListener('abort', () => entitlement.stop(), { once: true })
  prove(entitlement, steps, options).catch((error: unknown) => {
    log('entitlement.failed', `The proof of entitlement ended: ${messageOf(error)}`)
  })
  return entitlement
}

type Step = () => Promise<ProofStep>

function stepsOf(options: StartEntitlementOptions): readonly Step[] {
  return routeOf(options.product.route).proofs.map((proof) => stepOf[proof](options))
}

/** Makes the step of each proof, and throws when the product lacks what it needs. */
const stepOf: Readonly<Record<ProofName, (options: StartEntitlementOptions) => Step>> = {
  'register-usage'({ api, product, randomBytes }) {
    const { route, publicKeys } = product
    if (publicKeys.size === 0) throw new TypeError(`route ${route} needs a public key`)
    return () => registerWithPinnedKeys({ api, product, randomBytes })
  },
  'dry-run'({ api, product, clock }) {
    const { productCode, route, dimensions } = product
    const dimension = dimensions[0]?.name
    if (dimension === undefined) throw new TypeError(`route ${route} needs a dimension`)
    return () => dryRun({ api, productCode, dimension, clock })
  },
}

/** A step that has passed is not made again when a later one fails. */
async function prove(
  entitlement: Entitlement,
  steps: readonly Step[],
  options: StartEntitlementOptions,
): Promise<void> {
  for (const step of steps) {
    const passed = await passOrGiveUp(entitlement, step, options)
    if (passed === undefined) return
    report(entitlement, passed, step, options)
  }
  entitlement.prove()
}

/** The step's success, or undefined when it was refused for good or the sidecar stops. */
async function passOrGiveUp(
  entitlement: Entitlement,
  step: Step,
  { timers, random, log, grace, signal }: StartEntitlementOptions,
): Promise<PassedStep | undefined> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    const outcome = await tryStep(step)
    if (outcome.ok) return outcome
    if (signal.aborted) return undefined
    const { code, message, patience } = outcome
    if (patience === 'never') {
      entitlement.refuse(code, message)
      return undefined
    }
    const delayMs =
      patience === 'slowly' ? slowDelayMs(attempt, random) : backoffMs(attempt, random)
    const { state, code: lastCode } = entitlement.snapshot()
    // The first reason comes with the change of state.
    const isNews = state !== 'starting' && code !== lastCode
    const event = isNews ? 'entitlement.other-reason' : 'entitlement.retry'
    log(event, message, { code, attempt, delayMs })
    const graceUntil = entitlement.known() ? undefined : grace?.until(patience === 'soon')
    entitlement.reportUnreachable(code, message, Math.ceil(delayMs / 1000), graceUntil)
    await sleep(timers, delayMs, signal)
  }
  return undefined
}

/** A defect of ours must not keep a paying buyer out for good, so it is retried like a slow failure. */
async function tryStep(step: Step): Promise<ProofStep> {
  try {
    return await step()
  } catch (error) {
    const failed: FailedStep = {
      ok: false,
      patience: 'slowly',
      code: 'InternalError',
      message: `The proof of entitlement failed unexpectedly: ${messageOf(error)}. Report this with the sidecar's version.`,
    }
    return failed
  }
}

function slowDelayMs(attempt: number, random: () => number): number {
  return Math.max(slowestStartMs, backoffMs(attempt, random, { baseMs: 2 * slowestStartMs }))
}

function report(
  entitlement: Entitlement,
  { warnings, signedBy }: PassedStep,
  step: Step,
  options: StartEntitlementOptions,
): void {
  const { product, clock, events, log, signal } = options
  for (const warning of warnings) log('entitlement.warning', warning)
  if (signedBy === undefined) return
  const newestVersion = keysNewestFirst(product.publicKeys)[0]?.version ?? signedBy.version
  const rotation = {
    entitlement,
    newestVersion,
    clock,
    events,
    log,
    register: () => tryStep(step),
    signal,
  }
  tellKeyRotation(signedBy, rotation)
  void followKeyRotation(signedBy, rotation)
}
