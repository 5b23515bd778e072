import { SidecarError } from '../kernel/errors.ts'
import type { SidecarOptions } from '../sidecar/sidecar-options.ts'
import type { Sidecar } from '../sidecar/sidecar.ts'
import { startSidecar } from '../sidecar/start-sidecar.ts'
import type { CliIo } from './cli-io.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'

/**
 * Runs a sidecar until a signal or a failure of its ledger. Resolves with the exit code, at the latest
 * `shutdownTimeoutMs` after the signal: what hangs then is given up.
 */
export function runUntilSignal(
  io: CliIo,
  options: SidecarOptions,
  onStarted: (sidecar: Sidecar) => void = () => {},
): Promise<number> {
  const { settings, timers, log } = options
  const overdue = Promise.withResolvers<number>()
  const signalled = new Promise<'signal'>((resolve) =>
    io.onSignal(() => {
      resolve('signal')
      timers.after(settings.shutdownTimeoutMs, () => {
        log(
          'sidecar.overdue',
          'Something hangs and the time for shutting down is over, so the sidecar ends now. What it has acknowledged is in the ledger; the next start recovers it.',
        )
        io.abandon()
        overdue.resolve(exitCodes.failed)
      })
    }),
  )
  return Promise.race([run(signalled, options, onStarted), overdue.promise])
}

async function run(
  signalled: Promise<'signal'>,
  options: SidecarOptions,
  onStarted: (sidecar: Sidecar) => void,
): Promise<number> {
  const sidecar = await startSidecar(options)
  onStarted(sidecar)
  const ended = await Promise.race([signalled, sidecar.failed])
  if (ended instanceof SidecarError) return exitCodeOf(ended)
  // A flush that fails while the sidecar stops must not be waited for either.
  const stopped = await Promise.race([sidecar.stop(), sidecar.failed])
  return stopped instanceof SidecarError ? exitCodeOf(stopped) : exitCodes.ok
}
