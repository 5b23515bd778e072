import { sleep, toIso, type Clock } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import type { Result } from '../kernel/result.ts'
import type { Entitlement } from './entitlement-state.ts'
import type { FailedProof, PassedProof, KeyInUse } from './proof.ts'

interface KeyRotationOptions {
  readonly entitlement: Entitlement
  readonly clock: Clock
  readonly events: Events
  readonly log: Log
  /** Makes one more attempt, with the newest version that AWS knows. Never rejects. */
  readonly attempt: () => Promise<Result<PassedProof, FailedProof>>
  readonly signal: AbortSignal
}

/** The time between attempts when AWS does not know the new version at the announced time. */
const pauseMs = 3_600_000

/** Reports what AWS said of the key version in use: in the log, the metric and the entitlement's answer. */
export function reportKeyInUse(key: KeyInUse, options: KeyRotationOptions): void {
  const { entitlement, events, log } = options
  const { version, newestVersion, rotationAt } = key
  entitlement.noteKey(version, rotationAt)
  events.emit('publicKeyRotation', { at: rotationAt ?? 0 })
  if (rotationAt === undefined) return
  const remedy =
    newestVersion > version
      ? `From then on the sidecar uses version ${newestVersion} of the product file.`
      : 'Release an image whose product file also has the next key version.'
  const at = toIso(rotationAt)
  const message = `AWS replaces this product's public key. Version ${version}, which is in use, ends at ${at}. ${remedy}`
  log('entitlement.key-rotation', message, { at, version })
}

/**
 * Changes to a newer pinned key when the version in use has ended, trying each hour until AWS accepts
 * one. This does not prove the entitlement again: a failure is logged and has no other effect. Ends when
 * the newest key is in use. Never rejects.
 */
export async function followKeyRotation(
  first: KeyInUse,
  options: KeyRotationOptions,
): Promise<void> {
  const { clock, log, signal } = options
  let inUse = first
  let notBefore = 0
  while (inUse.rotationAt !== undefined && inUse.version < inUse.newestVersion) {
    await sleep(clock, Math.max(inUse.rotationAt, notBefore) - clock.now(), signal)
    if (signal.aborted) return
    notBefore = clock.now() + pauseMs
    const result = await options.attempt()
    if (signal.aborted) return
    if (!result.ok) {
      const { code, message, advice } = result.failure
      log(
        'entitlement.key-rotation-failed',
        `The sidecar could not change to the next public key and tries again in an hour. ${message} ${advice}`.trim(),
        { code },
      )
    } else if (result.value.signingKey !== undefined) {
      inUse = result.value.signingKey
      reportKeyInUse(inUse, options)
      log('entitlement.key-in-use', `Public key version ${inUse.version} is in use`, {
        version: inUse.version,
      })
    }
  }
}
