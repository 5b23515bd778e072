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
  /** The first attempt to open the ledger, which has failed or is still under way. */
  readonly opening: Promise<LedgerPart>
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
 * Answers while the ledger is not open, because its database is away, its volume full or the ledger large: the
 * entitlement is proven and answered, and usage is refused. Tries again until the ledger opens, and then starts
 * the rest on the same sockets.
 */
export async function waitForLedger(
  standing: Standing,
  { counting, sockets, opening, start }: Deps,
): Promise<Sidecar> {
  const { options, byAwsTime, platform, denial } = standing
  const { log } = options
  let failure: SidecarError | undefined
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
    refusal: () => failure ?? stillOpening(),
    sockets,
  }).catch(async (error: unknown) => {
    await close()
    throw error
  })
  return waitingSidecar({
    room,
    platform,
    log,
    close,
    why: 'its database was away, or its volume full or locked',
    async begin(signal) {
      const ledgerPart = await untilOpen(standing, { opening, signal }, (next) => {
        if (failure === undefined) log('ledger.away', next.message, { code: next.code })
        failure = next
      })
      if (ledgerPart === undefined) return undefined
      log('ledger.back', 'The ledger is open, and usage is accepted.')
      notebook.attach(ledgerPart.ledger)
      await entitlementPart.recallGrace()
      return start({ ledgerPart, early: { aws, entitlementPart } }, room)
    },
  })
}

/** Between two attempts: soon at first, and at most ten seconds. */
const pause = { baseMs: 500, capMs: 10_000 }

/** Undefined when the sidecar stops between two attempts. */
async function untilOpen(
  { byAwsTime: options, platform }: Standing,
  { opening: first, signal }: { opening: Promise<LedgerPart>; signal: AbortSignal },
  failed: (failure: SidecarError) => void,
): Promise<LedgerPart | undefined> {
  let opening = first
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await opening
    } catch (error) {
      if (!isAway(error)) throw error
      failed(error)
    }
    await sleep(options.timers, backoffMs(attempt, options.random, pause), signal)
    if (signal.aborted) return undefined
    opening = startLedger(options, platform)
  }
}

function stillOpening(): SidecarError {
  return new SidecarError(
    'LedgerOpening',
    'The sidecar has just started, and opening and checking its ledger takes long. Nothing of this was recorded: send the same request again.',
    { retryAfterSeconds: 2 },
  )
}
