import type { SidecarError } from '../../kernel/errors.ts'
import { Ledger } from '../../ledger/ledger.ts'
import type { Platform } from '../../platform/platform.ts'
import type { SidecarOptions } from '../sidecar-options.ts'

export interface LedgerPart extends AsyncDisposable {
  readonly ledger: Ledger
  /** Resolves when the ledger has failed. */
  readonly failed: Promise<SidecarError>
  /** Why the ledger has failed; undefined while it works. */
  failure(): string | undefined
  /** Once the ledger is closed: how many records wait in it for AWS. */
  unsentRecords(): number
}

/** Opens the ledger of this task or pod. */
export async function startLedger(
  options: Pick<SidecarOptions, 'settings' | 'clock' | 'events' | 'log'>,
  platform: Platform,
): Promise<LedgerPart> {
  const { settings, clock, events, log } = options
  const { promise: failed, resolve: fail } = Promise.withResolvers<SidecarError>()
  let failure: string | undefined
  let unsentRecords = 0
  const ledger = await Ledger.open({
    directory: settings.dataDir,
    resource: platform.resource,
    clock,
    events,
    log,
    maxTagSets: settings.maxTagSets,
    onFatal(error) {
      failure = error.message
      fail(error)
    },
  })
  return {
    ledger,
    failed,
    failure: () => failure,
    unsentRecords: () => unsentRecords,
    async [Symbol.asyncDispose]() {
      try {
        unsentRecords = ledger.pendingRecords().length
      } finally {
        await ledger.close()
      }
    },
  }
}
