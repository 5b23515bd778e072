import { SidecarError } from '../kernel/errors.ts'
import type { SidecarOptions } from '../sidecar/sidecar-options.ts'
import type { Sidecar } from '../sidecar/sidecar.ts'
import { startSidecar } from '../sidecar/start-sidecar.ts'
import type { CliIo } from './cli-io.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'

/** Runs a sidecar until a signal or a failure of its ledger. Resolves with the exit code. */
export async function runUntilSignal(
  io: CliIo,
  options: SidecarOptions,
  onStarted: (sidecar: Sidecar) => void = () => {},
): Promise<number> {
  const signalled = new Promise<'signal'>((resolve) => io.onSignal(() => resolve('signal')))
  const sidecar = await startSidecar(options)
  onStarted(sidecar)
  const ended = await Promise.race([signalled, sidecar.failed])
  if (ended instanceof SidecarError) return exitCodeOf(ended)
  // A flush that fails while the sidecar stops must not be waited for either.
  const stopped = await Promise.race([sidecar.stop(), sidecar.failed])
  return stopped instanceof SidecarError ? exitCodeOf(stopped) : exitCodes.ok
}
