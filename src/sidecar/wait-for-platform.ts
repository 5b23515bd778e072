import { backoffMs } from '../kernel/backoff.ts'
import { sleep } from '../kernel/clock.ts'
import { messageOf, SidecarError } from '../kernel/errors.ts'
import type { Platform } from '../platform/platform.ts'
import type { Counting } from './parts/metrics-part.ts'
import { findPlatform } from './parts/platform-part.ts'
import { openWaitingRoom, type Sockets } from './parts/waiting-room.ts'
import type { SidecarOptions } from './sidecar-options.ts'
import type { Sidecar } from './sidecar.ts'

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
  const { log } = options
  const room = await openWaitingRoom(options, guess, counting)
  log('platform.unknown', sentence(guess), { platform: guess.name })
  const { promise: failed, resolve: fail } = Promise.withResolvers<SidecarError>()
  const stopping = new AbortController()
  let running: Sidecar | undefined
  const opening = (async () => {
    const platform = await askAgain(options, stopping.signal)
    if (platform === undefined) return
    running = await start(platform, room)
    void running.failed.then(fail)
  })().catch((thrown: unknown) => {
    const error = asSidecarError(thrown)
    log('sidecar.start-failed', error.message, { code: error.code })
    fail(error)
  })

  const close = async () => {
    stopping.abort()
    await opening
    if (running !== undefined) return running.stop()
    await room[Symbol.asyncDispose]()
    const none = { unsentRecords: 0, open: '0', fraction: '0', held: '0', records: '0' }
    log(
      'sidecar.stopped',
      'The sidecar has stopped; its ledger was not opened, because the platform never said which task or pod this is',
      none,
    )
  }
  let stopped: Promise<void> | undefined
  return {
    appPort: room.appPort,
    opsPort: room.opsPort,
    get platform() {
      return running?.platform ?? guess
    },
    get entitlement() {
      return running?.entitlement ?? room.entitlement
    },
    get ledger() {
      if (running === undefined) throw new TypeError('the ledger is not open yet')
      return running.ledger
    },
    failed,
    stop: () => (stopped ??= close()),
  }
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

function sentence({ name }: Platform): string {
  return name === 'ecs'
    ? 'ECS has not said which task this is, so the ledger stays closed and usage is answered with 503. The sidecar asks again until it knows. Check that the ECS agent runs and that nothing overrides ECS_CONTAINER_METADATA_URI_V4.'
    : 'Nothing says which pod this is, so the ledger stays closed and usage is answered with 503. Give the service account an IAM role (IRSA), or set SIDECAR_POD_UID from metadata.uid with the downward API.'
}

function asSidecarError(error: unknown): SidecarError {
  return error instanceof SidecarError
    ? error
    : new SidecarError('InternalError', `The sidecar could not start: ${messageOf(error)}`, {
        cause: error,
      })
}
