import { backoffMs } from '../kernel/backoff.ts'
import { sleep } from '../kernel/clock.ts'
import { SidecarError } from '../kernel/errors.ts'
import { startAws, type AwsPart } from './parts/aws-part.ts'
import { startEntitlementPart, type EntitlementPart } from './parts/entitlement-part.ts'
import { LateNotebook } from './parts/late-notebook.ts'
import { startLedger, type LedgerPart } from './parts/ledger-part.ts'
import type { Counting } from './parts/metrics-part.ts'
import { openWaitingRoom, type Sockets } from './parts/waiting-room.ts'
import type { Sidecar } from './sidecar.ts'
import type { Standing } from './standing.ts'
import { waitingSidecar } from './waiting-sidecar.ts'

/** What runs already when the rest of a sidecar starts. */
export interface Opened {
  readonly ledgerPart: LedgerPart
  /** Undefined where it is not asked for yet. */
  readonly early?: { readonly aws: AwsPart; readonly entitlementPart: EntitlementPart } | undefined
}

interface Deps {
  readonly counting: Counting
  readonly sockets: Sockets
  /** Why the ledger could not be opened. */
  readonly failure: SidecarError
  /** Everything else of the sidecar, on sockets that are open already. */
  readonly start: (opened: Opened, sockets: Sockets) => Promise<Sidecar>
}

/** Whether the ledger of a sidecar opens by itself when it is tried again. */
export function isAway(error: unknown): error is SidecarError {
  const codes: readonly string[] = [
    'DatabaseUnavailable',
    'DatabaseOutcomeUnknown',
    'LedgerBusy',
    'LedgerFull',
  ]
  return error instanceof SidecarError && codes.includes(error.code)
}

/**
 * Answers while the ledger cannot be opened, because its database is away or its volume full: the entitlement
 * is proven and answered, and usage is refused. Tries again until the ledger opens, and then starts the rest on
 * the same sockets.
 */
export async function waitForLedger(
  standing: Standing,
  { counting, sockets, failure: first, start }: Deps,
): Promise<Sidecar> {
  const { options, byAwsTime, platform, denial } = standing
  const { log } = options
  let failure = first
  const notebook = new LateNotebook()
  const aws = startAws(options, platform, denial, byAwsTime.clock)
  const entitlementPart = await startEntitlementPart(byAwsTime, {
    ...standing,
    ledger: notebook,
    api: aws.api,
  })
  const close = async () => {
    entitlementPart[Symbol.dispose]()
    aws[Symbol.dispose]()
  }
  const room = await openWaitingRoom(options, {
    platform,
    counting,
    entitlement: entitlementPart.entitlement,
    refusal: () => failure,
    sockets,
  }).catch(async (error: unknown) => {
    await close()
    throw error
  })
  log('ledger.away', failure.message, { code: failure.code })
  return waitingSidecar({
    room,
    platform,
    log,
    close,
    why: 'its database was away, or its volume full or locked',
    async begin(signal) {
      const ledgerPart = await openAgain(standing, signal, (next) => (failure = next))
      if (ledgerPart === undefined) return undefined
      log('ledger.back', 'The ledger is open, and usage is accepted.')
      notebook.attach(ledgerPart.ledger)
      return start({ ledgerPart, early: { aws, entitlementPart } }, room)
    },
  })
}

/** Between two attempts: soon at first, and at most ten seconds. */
const pause = { baseMs: 500, capMs: 10_000 }

/** Undefined when the sidecar stops first. */
async function openAgain(
  { byAwsTime: options, platform }: Standing,
  signal: AbortSignal,
  failed: (failure: SidecarError) => void,
): Promise<LedgerPart | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    await sleep(options.timers, backoffMs(attempt, options.random, pause), signal)
    if (signal.aborted) return undefined
    try {
      return await startLedger(options, platform)
    } catch (error) {
      if (!isAway(error)) throw error
      failed(error)
    }
  }
}
