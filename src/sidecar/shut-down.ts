import type { Submitter } from '../channels/submitter.ts'
import type { Drain } from '../http/listener/drain.ts'
import { atMost } from '../kernel/clock.ts'
import { messageOf } from '../kernel/errors.ts'
import type { LedgerPart } from './parts/ledger-part.ts'
import type { SidecarOptions } from './sidecar-options.ts'

export interface RunningParts {
  readonly drain: Drain
  readonly submitter: Submitter
  readonly ledgerPart: LedgerPart
  /** What brings in work: the application's listener and the timers. */
  readonly intake: AsyncDisposable
  /** Everything that is open, the ledger first. */
  readonly opened: AsyncDisposable
}

/**
 * Stops in the order that keeps what was acknowledged: listen until the application is quiet, close the
 * listener, send what there is until the deadline, close the ledger. What could not be sent waits in
 * the ledger for the next start.
 */
export async function shutDown(
  { settings, timers, log }: Pick<SidecarOptions, 'settings' | 'timers' | 'log'>,
  { drain, submitter, ledgerPart, intake, opened }: RunningParts,
): Promise<void> {
  const deadline = timers.now() + settings.shutdownTimeoutMs
  log('sidecar.draining', 'Waiting for the last reports of the application')
  await drain.run(settings.drainQuietMs, settings.drainDelayMs)

  try {
    await intake[Symbol.asyncDispose]()
  } finally {
    // Also when a source cannot end: what was acknowledged is sent, and the ledger is closed.
    const flushed = submitter.flush(settings.flushOnShutdown).catch((error: unknown) => {
      log('sidecar.flush-failed', messageOf(error))
    })
    await atMost(timers, deadline - timers.now(), flushed)

    await opened[Symbol.asyncDispose]()
    const left = ledgerPart.unsentRecords()
    log('sidecar.stopped', `The sidecar has stopped; ${left} records wait for the next start`, {
      unsentRecords: left,
    })
  }
}
