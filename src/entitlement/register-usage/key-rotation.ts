import { sleep, toIso, type Clock } from '../../kernel/clock.ts'
import type { Events } from '../../kernel/events.ts'
import type { Log } from '../../kernel/log.ts'
import type { Entitlement } from '../entitlement-state.ts'
import type { ProofStep, SignedBy } from '../proof.ts'

export interface KeyRotationOptions {
  readonly entitlement: Entitlement
  readonly newestVersion: number
  readonly clock: Clock
  readonly events: Events
  readonly log: Log
  /** Registers again, with the newest version that AWS knows. */
  readonly register: () => Promise<ProofStep>
  readonly signal: AbortSignal
}

/** When AWS does not know the new version at the announced time. */
const pauseMs = 3_600_000

/** Tells what AWS said of the key version in use: in the log, the metric and the entitlement's answer. */
export function tellKeyRotation(signedBy: SignedBy, options: KeyRotationOptions): void {
  const { entitlement, newestVersion, events, log } = options
  const { version, rotationAt } = signedBy
  entitlement.noteKey(version, rotationAt)
  events.emit('publicKeyRotation', { at: rotationAt ?? 0 })
  if (rotationAt === undefined) return
  const remedy =
    newestVersion > version
      ? `Version ${newestVersion} of the product file is used from then on.`
      : 'The seller should release an image whose product file has the next key version as well.'
  const at = toIso(rotationAt)
  const message = `AWS replaces this product's public key; version ${version}, which is in use, ends at ${at}. ${remedy}`
  log('entitlement.key-rotation', message, { at, version })
}

/**
 * Registers again with a newer pinned key when the version in use has ended, each hour until AWS takes
 * one. It is no new proof: what fails here is logged and takes nothing away. Ends when the newest key
 * is in use, and never rejects.
 */
export async function followKeyRotation(
  first: SignedBy,
  options: KeyRotationOptions,
): Promise<void> {
  const { newestVersion, clock, log, signal } = options
  let inUse = first
  let notBefore = 0
  while (inUse.rotationAt !== undefined && inUse.version < newestVersion) {
    await sleep(clock, Math.max(inUse.rotationAt, notBefore) - clock.now(), signal)
    if (signal.aborted) return
    notBefore = clock.now() + pauseMs
    const outcome = await options.register()
    if (signal.aborted) return
    if (!outcome.ok) {
      log(
        'entitlement.key-rotation-failed',
        `The next public key could not be taken into use; this is tried again in an hour. ${outcome.message}`,
        { code: outcome.code },
      )
    } else if (outcome.signedBy !== undefined) {
      inUse = outcome.signedBy
      tellKeyRotation(inUse, options)
      log('entitlement.key-in-use', `Public key version ${inUse.version} is in use`, {
        version: inUse.version,
      })
    }
  }
}
