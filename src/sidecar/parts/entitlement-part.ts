import type { MeteringApi } from '../../aws/metering-api.ts'
import type { Entitlement } from '../../entitlement/entitlement-state.ts'
import { Grace, type Notebook } from '../../entitlement/grace.ts'
import { startEntitlement, type RegionDenial } from '../../entitlement/prove-entitlement.ts'
import type { Platform } from '../../platform/platform.ts'
import type { SidecarOptions } from '../sidecar-options.ts'

export interface EntitlementPart extends Disposable {
  readonly entitlement: Entitlement
  /** Fires when the part is disposed of: requests that wait for the entitlement end then. */
  readonly signal: AbortSignal
  /** Notes that the buyer is entitled now, so that the grace time counts from here. */
  renewGrace(): void
  /** Reads the grace time of an earlier start from a ledger that has opened since. */
  recallGrace(): Promise<void>
}

interface Deps {
  readonly platform: Platform
  readonly denial: RegionDenial | undefined
  /** Where the grace time is noted. */
  readonly ledger: Notebook
  readonly api: MeteringApi
}

/** Starts to prove that the buyer may run the product; disposal ends the attempts. */
export async function startEntitlementPart(
  options: SidecarOptions,
  { platform, denial, ledger, api }: Deps,
): Promise<EntitlementPart> {
  const { settings, clock, log } = options
  const { product } = settings
  const { productCode, route } = product
  const stopping = new AbortController()
  const grace = await Grace.open({
    notebook: ledger,
    clock,
    log,
    subject: { resource: platform.resource, productCode, route },
    failMode: settings.failMode,
    graceMs: settings.graceMs,
  })
  const entitlement = startEntitlement({
    ...options,
    api,
    product,
    regionDenial: denial,
    grace,
    signal: stopping.signal,
  })
  return {
    entitlement,
    signal: stopping.signal,
    renewGrace() {
      const snapshot = entitlement.snapshot()
      if (snapshot.state === 'entitled') grace.note(snapshot)
    },
    recallGrace: () => grace.recallAgain(),
    [Symbol.dispose]: () => stopping.abort(),
  }
}
