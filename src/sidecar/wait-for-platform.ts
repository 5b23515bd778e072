import { backoffMs } from '../kernel/backoff.ts'
import { sleep } from '../kernel/clock.ts'
import { SidecarError } from '../kernel/errors.ts'
import { Entitlement } from '../entitlement/entitlement-state.ts'
import { listen } from '../http/listener/server.ts'
import type { Platform } from '../platform/platform.ts'
import { routeOf } from '../product/routes.ts'
import type { Counting } from './parts/metrics-part.ts'
import { findPlatform } from './parts/platform-part.ts'
import { openWaitingRoom, type Sockets } from './parts/waiting-room.ts'
import type { SidecarOptions } from './sidecar-options.ts'
import type { Sidecar } from './sidecar.ts'
import { waitingSidecar } from './waiting-sidecar.ts'

/** Everything else of the sidecar, on sockets that are open already. */
type Start = (platform: Platform, sockets: Sockets) => Promise<Sidecar>

/**
 * Answers while ECS or Kubernetes has not said which task or pod this is, asks again until it does, and
 * then starts the rest on the same sockets. No ledger opens before: under a guessed name the usage of
 * this task or pod could be billed twice.
 */
export async function waitForPlatform(
  options: SidecarOptions,
  guess: Platform,
  counting: Counting,
  start: Start,
): Promise<Sidecar> {
  const { log, settings } = options
  const { recordsProve } = routeOf(settings.product.route)
  const room = await openWaitingRoom(options, {
    platform: guess,
    counting,
    entitlement: new Entitlement({ ...options, recordsProve }),
    refusal: platformUnknown,
    sockets: { app: listen, ops: listen },
  })
  log('platform.unknown', whatIsMissing(guess), { platform: guess.name })
  return waitingSidecar({
    room,
    platform: guess,
    log,
    why: 'the platform never said which task or pod this is',
    async begin(signal) {
      const platform = await askAgain(options, signal)
      return platform && start(platform, room)
    },
  })
}

/** Between two rounds of questions: soon at first, and at most half a minute. */
const pause = { baseMs: 1000, capMs: 30_000 }

/** Undefined when the sidecar stops first. */
async function askAgain(
  options: SidecarOptions,
  signal: AbortSignal,
): Promise<Platform | undefined> {
  const { timers, random } = options
  for (let attempt = 1; ; attempt += 1) {
    await sleep(timers, backoffMs(attempt, random, pause), signal)
    if (signal.aborted) return undefined
    const platform = await findPlatform(options, { signal, isQuiet: true })
    if (!platform.isGuess && !signal.aborted) return platform
  }
}

/** What has not been said, and what to check. */
function whatIsMissing({ name }: Platform): string {
  return name === 'ecs'
    ? 'ECS has not said which task this is, so the ledger stays closed and usage is answered with 503. The sidecar asks again until it knows. Check that the ECS agent runs and that nothing overrides ECS_CONTAINER_METADATA_URI_V4.'
    : 'Nothing says which pod this is, so the ledger stays closed and usage is answered with 503. Give the service account an IAM role (IRSA), or set SIDECAR_POD_UID from metadata.uid with the downward API.'
}

function platformUnknown(): SidecarError {
  return new SidecarError(
    'PlatformUnknown',
    'The platform has not said yet which task or pod this is, so the ledger is closed and nothing was recorded. Repeat the request; the log of the sidecar says what is missing.',
  )
}
