import { microPerUnit } from '../../../src/metering/amount.ts'
import { accountOf, type Account, type AccountKey } from '../../../src/metering/account.ts'
import type { RecordPart } from '../../../src/metering/record/record.ts'
import { slotOf } from '../../../src/metering/slot.ts'
import { canonicalTags } from '../../../src/metering/tags.ts'
import type { AddedUsage, Changes, NewRecord, RecordProgress } from '../../../src/store/changes.ts'
import type { Store } from '../../../src/store/store.ts'
import type { BookView } from '../../../src/store/view.ts'

export const nine = Date.parse('2026-03-10T09:00:00Z')
export const unit = 1_000_000n
export const pod = 'pod:one'
export const owner = { identity: pod, firstSeenAt: nine }

/** Changes of these members alone. */
export function changesOf(some: Partial<Changes>): Changes {
  return {
    registrations: [],
    licences: new Map(),
    accounts: [],
    emptied: [],
    added: [],
    released: [],
    held: [],
    voided: [],
    resealed: new Map(),
    senders: new Map(),
    newRecords: [],
    records: new Map(),
    claims: [],
    lateUsage: [],
    notes: [],
    forget: undefined,
    owner: undefined,
    ...some,
  }
}

export function accountFor(dimension: string, more: Partial<AccountKey> = {}): Account {
  return accountOf({
    productCode: 'product',
    customer: '',
    dimension,
    divisor: 1n,
    aggregate: 'sum',
    scope: 'resource',
    ...more,
  })
}

export function tagged(team: string): string {
  return canonicalTags([{ key: 'team', value: team }])
}

export function addedTo(
  account: Account,
  hour: number,
  cells: Readonly<Record<string, bigint>>,
): AddedUsage {
  return { account, resource: pod, hour, added: new Map(Object.entries(cells)) }
}

/** A record of these parts, sealed by `pod` at the end of its hour. */
export function recordOf(hour: number, ...parts: RecordPart[]): NewRecord {
  const [first] = parts
  if (first === undefined) throw new TypeError('a record has a part')
  const { productCode, dimension } = first.account
  const quantity = parts.reduce((sum, part) => sum + part.quantity, 0n)
  return {
    slot: slotOf(first.account, pod),
    resource: pod,
    sealedAt: hour + 3_660_000,
    content: {
      productCode,
      dimension,
      hour,
      timestamp: hour + 3_599_000,
      quantity,
      form: quantity % microPerUnit === 0n ? 'whole' : 'decimal',
      // A store derives the whole record's allocations from its parts.
      allocations: undefined,
      clientToken: `token-${dimension}-${hour}`,
      parts,
    },
  }
}

/** What an account gave to a record, in AWS's units, which may have a fraction. */
export function partOf(
  { key }: Account,
  units: number,
  shares?: Readonly<Record<string, number>>,
): RecordPart {
  const allocations =
    shares &&
    Object.entries(shares).map(([tags, share]) => ({ tags, quantity: microOfUnits(share) }))
  return { account: key, quantity: microOfUnits(units), allocations }
}

function microOfUnits(units: number): bigint {
  return BigInt(Math.round(units * Number(microPerUnit)))
}

export function progressOf(some: Partial<RecordProgress>): RecordProgress {
  return {
    state: 'sealed',
    attempts: 0,
    inFlight: false,
    ambiguous: false,
    meteringRecordId: undefined,
    lastCode: undefined,
    lastMessage: undefined,
    firstAttemptAt: undefined,
    lastAttemptAt: undefined,
    settledAt: undefined,
    movedTo: undefined,
    ...some,
  }
}

export function write(store: Store, some: Partial<Changes>): Promise<readonly number[]> {
  return store.transact(() => changesOf(some))
}

/** What a transaction sees that changes nothing. */
export async function look<T>(store: Store, question: (view: BookView) => T): Promise<T> {
  let seen: { readonly answer: T } | undefined
  await store.transact((view) => {
    seen = { answer: question(view) }
    return changesOf({})
  })
  if (seen === undefined) throw new Error('the store did not run the rules')
  return seen.answer
}

/** Everything that a book answers, for comparing it before and after. */
export async function wholeOf(store: Store): Promise<unknown> {
  const records = []
  for await (const record of store.records({
    since: undefined,
    until: undefined,
    dimension: undefined,
  }))
    records.push(record)
  return [await store.wholeOverview(nine), await store.accountSums(), records]
}
