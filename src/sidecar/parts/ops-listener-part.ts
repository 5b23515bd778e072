import type { Entitlement } from '../../entitlement/entitlement-state.ts'
import type { Drain } from '../../http/listener/drain.ts'
import { createOpsServer } from '../../http/ops-server.ts'
import type { Listen } from '../../http/listener/server.ts'
import type { Metrics } from '../../observe/prometheus/metrics.ts'
import type { SidecarOptions } from '../sidecar-options.ts'
import { opsAddress } from './listener-addresses.ts'
import type { LedgerPart } from './ledger-part.ts'

export interface ListenerPart extends AsyncDisposable {
  readonly port: number
}

interface Deps {
  readonly ledgerPart: LedgerPart
  readonly entitlement: Entitlement
  readonly drain: Drain
  readonly metrics: Metrics
  readonly listen: Listen
  /** Called when the end of the pod begins. */
  readonly onEnd: () => void
}

/** Opens the listener for the kubelet and Prometheus. */
export async function startOpsListener(
  options: SidecarOptions,
  { ledgerPart, entitlement, drain, metrics, listen, onEnd }: Deps,
): Promise<ListenerPart> {
  const { events, log, timers } = options
  const ops = createOpsServer({
    events,
    log,
    deadBecause: () => (ledgerPart.failure() === undefined ? undefined : 'the ledger has failed'),
    notReadyBecause: () => notReady(entitlement, drain),
    metrics,
    timers,
    onEnd,
  })
  const listening = await listen(ops, opsAddress(options, events), timers)
  return { port: listening.port, [Symbol.asyncDispose]: () => listening.close() }
}

/** Only a state: AWS's own words name the account and the role, and anyone in the network can ask. */
function notReady(entitlement: Entitlement, drain: Drain): string | undefined {
  if (drain.isRunning) return 'shutting down'
  const { entitled, state } = entitlement.snapshot()
  return entitled ? undefined : state
}
