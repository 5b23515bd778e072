import { databaseUrlOf } from '../../config/database-url-of.ts'
import { SidecarError } from '../../kernel/errors.ts'
import { Ledger } from '../../ledger/ledger.ts'
import { unsentStates } from '../../metering/record/record-states.ts'
import type { Platform } from '../../platform/platform.ts'
import { todaysMeaningsOf } from '../../product/todays-meanings.ts'
import { replacementsOf } from '../../product/todays-names.ts'
import { otherCustomers, otherOwner } from '../../ledger/opening/other-book.ts'
import { customerRulesOf } from '../for-customers.ts'
import type { SidecarOptions } from '../sidecar-options.ts'
import { openStore } from './open-store.ts'

/** What waits in a ledger for AWS, over all dimensions; units are millionths of the application's. */
interface Unsent {
  readonly unsentRecords: number
  readonly open: bigint
  readonly fraction: bigint
  readonly held: bigint
  /** In the records. */
  readonly records: bigint
}

export interface LedgerPart extends AsyncDisposable {
  readonly ledger: Ledger
  /** Resolves when the ledger has failed. */
  readonly failed: Promise<SidecarError>
  /** Why the ledger has failed; undefined while it works. */
  failure(): string | undefined
  /** Once the ledger is closed: what AWS has not accepted of it. */
  unsent(): Unsent
}

/** Opens the ledger of this task or pod. */
export async function startLedger(
  options: Pick<SidecarOptions, 'settings' | 'clock' | 'events' | 'log' | 'randomBytes'>,
  platform: Platform,
): Promise<LedgerPart> {
  const { settings, clock, events, log } = options
  const { promise: failed, resolve: fail } = Promise.withResolvers<SidecarError>()
  let failure: string | undefined
  let unsent: Unsent = { unsentRecords: 0, open: 0n, fraction: 0n, held: 0n, records: 0n }
  const meaningOf = todaysMeaningsOf(settings.product)
  const limits = new Map(
    settings.product.dimensions.map(({ name, maxPerHour }) => [name, maxPerHour]),
  )
  const onFatal = (error: SidecarError) => {
    failure = error.message
    fail(error)
  }
  const store = await openStore(options, { resource: platform.resource, meaningOf, onFatal })
  try {
    const other =
      databaseUrlOf(settings) === undefined
        ? otherOwner(platform.resource, (await store.owner())?.identity)
        : await otherCustomers(settings.product.region, store)
    if (other !== undefined) throw new SidecarError('InvalidSettings', other)
  } catch (error) {
    await store.close()
    throw error
  }
  const ledger = await Ledger.open({
    store,
    meaningOf,
    maxPerHour: (dimension) => limits.get(dimension),
    lateUsage: settings.lateUsage,
    replacements: replacementsOf(settings.product),
    customers: customerRulesOf(settings),
    resource: platform.resource,
    clock,
    events,
    log,
    maxTagSets: settings.maxTagSets,
    onFatal,
    readings: {
      maxReadings: settings.maxReadings,
      newSecret: () => Buffer.from(options.randomBytes(32)).toString('hex'),
    },
  })
  return {
    ledger,
    failed,
    failure: () => failure,
    unsent: () => unsent,
    async [Symbol.asyncDispose]() {
      try {
        unsent = await unsentOf(ledger)
      } finally {
        await ledger.close()
      }
    },
  }
}

async function unsentOf(ledger: Ledger): Promise<Unsent> {
  const usage = await ledger.usage()
  const sumOf = (place: 'open' | 'readings' | 'fractions' | 'held') =>
    usage[place].reduce((sum, { quantity }) => sum + quantity, 0n)
  const [open, fraction, held] = [sumOf('open'), sumOf('fractions'), sumOf('held')]
  const { pending, states } = await ledger.gauges()
  const unsentRecords = unsentStates.reduce((sum, state) => sum + (states.get(state) ?? 0), 0)
  const waiting = [...pending.values()].reduce((sum, quantity) => sum + quantity, 0n)
  const records = waiting - open - fraction - held
  // Readings are no amount yet, and so are not among what waits; their hour is open nevertheless.
  return { unsentRecords, open: open + sumOf('readings'), fraction, held, records }
}
