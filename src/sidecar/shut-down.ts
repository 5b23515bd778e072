import type { MeteringApi } from '../aws/metering-api.ts'
import { atMost, type Clock } from '../kernel/clock.ts'
import type { Settings } from '../config/settings.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Drain } from '../http/listener/drain.ts'
import type { Listening } from '../http/listener/server.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../kernel/log.ts'
import type { Schedule } from '../channels/schedule.ts'
import type { Sender } from '../channels/sender.ts'
import type { Submitter } from '../channels/submitter.ts'

export interface RunningParts {
  readonly settings: Settings
  /** Real time. */
  readonly timers: Clock
  readonly log: Log
  readonly drain: Drain
  /** Ends retries of the entitlement and requests that wait for it. */
  readonly stopping: AbortController
  readonly schedule: Schedule
  readonly submitter: Submitter
  readonly sender: Sender
  readonly ledger: Ledger
  readonly api: MeteringApi
  readonly appListening: Listening
  readonly opsListening: Listening
}

/** For the ledger to note how the last calls ended; they are cut off when it begins. */
const settleGraceMs = 500

/**
 * The end, in the order that keeps what was acknowledged: listen until the application is quiet, close
 * the listener, send what there is until the deadline, close the book. What could not be sent waits in
 * the ledger for the next start.
 */
export async function shutDown(parts: RunningParts): Promise<void> {
  const { settings, timers, log, drain, submitter, sender, ledger } = parts
  const deadline = timers.now() + settings.shutdownTimeoutMs
  log('sidecar.draining', 'Waiting for the last reports of the application')
  await drain.run(settings.drainQuietMs, settings.drainDelayMs)

  parts.stopping.abort()
  parts.schedule.stop()
  await parts.appListening.close()
  const flushed = submitter.flush(settings.flushOnShutdown).catch((error: unknown) => {
    log('sidecar.flush-failed', messageOf(error))
  })
  await atMost(timers, deadline - timers.now(), flushed)

  submitter.stop()
  sender.stop()
  parts.api.close()
  await parts.opsListening.close()
  // Closing the API has cut off the calls under way; the ledger has to hear of it before it closes.
  await atMost(timers, settleGraceMs, sender.settled())
  const left = ledger.pendingRecords().length
  await ledger.close()
  log('sidecar.stopped', `The sidecar has stopped; ${left} records wait for the next start`, {
    unsentRecords: left,
  })
}
