import type { Log } from '../kernel/log.ts'
import { messageOf, SidecarError } from '../kernel/errors.ts'
import type { Platform } from '../platform/platform.ts'
import type { WaitingRoom } from './parts/waiting-room.ts'
import type { Sidecar } from './sidecar.ts'

interface Waiting {
  readonly room: WaitingRoom
  readonly platform: Platform
  readonly log: Log
  /** Starts the rest when it can be started. Resolves with undefined when `signal` fires first. */
  readonly begin: (signal: AbortSignal) => Promise<Sidecar | undefined>
  /** Closes what the room does not own, when the rest was never started. */
  readonly close?: (() => Promise<void>) | undefined
  /** Why the ledger was not opened, for the last line. */
  readonly why: string
}

/** A sidecar whose listeners answer while something is missing that its ledger needs. */
export function waitingSidecar({ room, platform, log, begin, close, why }: Waiting): Sidecar {
  const { promise: failed, resolve: fail } = Promise.withResolvers<SidecarError>()
  const stopping = new AbortController()
  let running: Sidecar | undefined
  const opening = begin(stopping.signal)
    .then((started) => {
      running = started
      void running?.failed.then(fail)
    })
    .catch((thrown: unknown) => {
      const error = asSidecarError(thrown)
      log('sidecar.start-failed', error.message, { code: error.code })
      fail(error)
    })

  const stop = async () => {
    stopping.abort()
    await opening
    if (running !== undefined) return running.stop()
    await room[Symbol.asyncDispose]()
    await close?.()
    log(
      'sidecar.stopped-unopened',
      `The sidecar has stopped and never opened its ledger, because ${why}. What the ledger holds waits for the next start. Keep the volume.`,
    )
  }
  let stopped: Promise<void> | undefined
  return {
    appPort: room.appPort,
    opsPort: room.opsPort,
    get platform() {
      return running?.platform ?? platform
    },
    get entitlement() {
      return running?.entitlement ?? room.entitlement
    },
    get ledger() {
      if (running === undefined) throw new TypeError('the ledger is not open yet')
      return running.ledger
    },
    failed,
    stop: () => (stopped ??= stop()),
  }
}

function asSidecarError(error: unknown): SidecarError {
  return error instanceof SidecarError
    ? error
    : new SidecarError('InternalError', `The sidecar could not start: ${messageOf(error)}`, {
        cause: error,
      })
}
