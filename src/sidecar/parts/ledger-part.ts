import type { SidecarError } from '../../kernel/errors.ts'
import { Ledger } from '../../ledger/ledger.ts'
import type { Platform } from '../../platform/platform.ts'
import type { Product } from '../../product/product.ts'
import { openSqliteStore } from '../../store/sqlite/open-sqlite-store.ts'
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
  const meaningOf = meaningsOf(settings.product)
  const store = await openSqliteStore({
    directory: settings.dataDir,
    resource: platform.resource,
    meaningOf,
    now: clock.now(),
    events,
    log,
  })
  const ledger = await Ledger.open({
    store,
    meaningOf(dimension) {
      const meaning = meaningOf(dimension)
      if (meaning === undefined) throw new TypeError(`the product has no dimension ${dimension}`)
      return meaning
    },
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
        unsentRecords = (await ledger.pendingRecords()).length
      } finally {
        await ledger.close()
      }
    },
  }
}

/** What usage of a dimension means by today's product file; undefined for one that it does not have. */
function meaningsOf({ productCode, dimensions }: Product) {
  const divisors = new Map(dimensions.map(({ name, divisor }) => [name, divisor]))
  return (dimension: string) => {
    const divisor = divisors.get(dimension)
    return divisor === undefined ? undefined : { productCode, divisor }
  }
}
