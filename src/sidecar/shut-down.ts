import type { Submitter } from '../channels/submitter.ts'
import type { Drain } from '../http/listener/drain.ts'
import { atMost } from '../kernel/clock.ts'
import { messageOf } from '../kernel/errors.ts'
import { formatQuantity } from '../metering/quantity.ts'
import type { Platform } from '../platform/platform.ts'
import type { LedgerPart } from './parts/ledger-part.ts'
import type { SidecarOptions } from './sidecar-options.ts'
import { taskGoesOn } from './task-goes-on.ts'

interface RunningParts {
  readonly platform: Platform
  readonly drain: Drain
  readonly submitter: Submitter
  readonly ledgerPart: LedgerPart
  readonly drainSources: (signal: AbortSignal) => Promise<void>
  /** What brings in work: the application's listener and the timers. */
  readonly intake: AsyncDisposable
  /** Everything that is open, the ledger first. */
  readonly opened: AsyncDisposable
}

/** How long the listener and the sources may take to close. */
const intakeMs = 3000
/** What of the whole time is kept for closing the ledger. */
const closingMs = 1000

type Options = Pick<SidecarOptions, 'settings' | 'env' | 'timers' | 'log'>

/**
 * Stops in the order that keeps what was acknowledged: listen until the application is quiet, close the
 * listener, send what there is until the deadline, close the ledger. What could not be sent waits in
 * the ledger for the next start.
 */
export async function shutDown(options: Options, parts: RunningParts): Promise<void> {
  const { settings, timers, log } = options
  const { platform, drain, submitter, ledgerPart, intake, opened } = parts
  const { shutdownTimeoutMs: wholeMs } = settings
  const deadline = timers.elapsed() + wholeMs - Math.min(closingMs, wholeMs / 4)
  const leftMs = () => Math.max(0, deadline - timers.elapsed())
  log('sidecar.draining', 'Waiting for the last reports of the application')
  const goesOnAtFirst = taskGoesOn(options, platform)
  const drainMs = Math.min(settings.drainDelayMs, leftMs())
  const drained = new AbortController()
  const sources = parts.drainSources(drained.signal)
  await Promise.all([
    drain.run(settings.drainQuietMs, drainMs),
    atMost(timers, drainMs, sources).finally(() => drained.abort()),
  ])

  // A source that cannot end keeps nothing from being sent, and no ledger open.
  const closed = Promise.resolve(intake[Symbol.asyncDispose]()).then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  await atMost(timers, Math.min(intakeMs, leftMs()), closed)
  const goesOn = (await goesOnAtFirst) && (await taskGoesOn(options, platform))
  const flushed = submitter
    .flush(settings.flushOnShutdown && !goesOn)
    .catch((error: unknown) => log('sidecar.flush-failed', messageOf(error)))
  await atMost(timers, leftMs(), flushed)

  await opened[Symbol.asyncDispose]()
  logStopped(log, ledgerPart)
  const failure = await closed
  if (failure !== undefined) throw failure.error
}

function logStopped(log: Options['log'], ledgerPart: LedgerPart): void {
  const { records, open, fraction, held, unsentRecords } = ledgerPart.unsent()
  if (held > 0n)
    log(
      'usage.held-at-end',
      `${formatQuantity(held)} units are held, and are not billed until an operator decides. Keep the volume; docs/operate/ledger.md says how.`,
      { held: formatQuantity(held) },
    )
  log(
    'sidecar.stopped',
    `The sidecar has stopped; ${unsentRecords} records wait for the next start`,
    {
      unsentRecords,
      open: formatQuantity(open),
      fraction: formatQuantity(fraction),
      held: formatQuantity(held),
      records: formatQuantity(records),
    },
  )
}
