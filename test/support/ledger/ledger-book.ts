import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { planSeal, type SealRules } from '../../../src/metering/record/seal.ts'
import type { Clock } from '../../../src/kernel/clock.ts'
import type { AccountKey } from '../../../src/metering/account.ts'
import { Events } from '../../../src/kernel/events.ts'
import type { Ledger, LedgerOptions } from '../../../src/ledger/ledger.ts'
import { canonicalTags } from '../../../src/metering/tags.ts'
import type { Settlement, MeteringRecord } from '../../../src/metering/record/record.ts'
import { clientTokenOf } from '../../../src/channels/client-token.ts'
import { scratch } from '../scratch.ts'
import { openLedger } from './open-ledger.ts'
import { markSending, settle } from './one-record.ts'
import { createSilentLog } from '../silent-log.ts'

/** Makes directories, and removes them all at the end of a test. */
export class Directories {
  #made: string[] = []

  make(): string {
    const directory = mkdtempSync(join(scratch, 'ledger-command-'))
    this.#made.push(directory)
    return directory
  }

  removeAll(): void {
    for (const directory of this.#made) rmSync(directory, { recursive: true, force: true })
    this.#made = []
  }
}

export function openBook(
  directory: string,
  clock: Clock,
  resource = 'task/one',
  meaning: Pick<AccountKey, 'productCode' | 'divisor'> & Partial<Pick<AccountKey, 'aggregate'>> = {
    productCode: 'product-1',
    divisor: 1n,
  },
  maxPerHour: LedgerOptions['maxPerHour'] = () => undefined,
): Promise<Ledger> {
  return openLedger({
    directory,
    resource,
    clock,
    events: new Events(),
    log: createSilentLog(),
    meaningOf: () => meaning,
    maxPerHour,
    maxTagSets: 2500,
    readings: { maxReadings: 1000, newSecret: () => 'secret' },
    onFatal: () => {},
  })
}

/** Reports `quantity` in whole units or as a decimal such as `2.5`. */
export async function report(
  book: Ledger,
  dimension: string,
  quantity: number,
  tags: Readonly<Record<string, string>> = {},
): Promise<void> {
  const set = Object.entries(tags).map(([key, value]) => ({ key, value }))
  const one = {
    dimension,
    quantity: BigInt(Math.round(quantity * 1_000_000)),
    occurredAt: undefined,
    tags: canonicalTags(set),
    idempotencyKey: undefined,
  }
  await book.report({ reports: [one], idempotencyKey: undefined })
}

/** Seals every hour that starts before `before`. */
export function seal(book: Ledger, before: number, now = before): Promise<MeteringRecord[]> {
  const rules: SealRules = {
    zeroRecords: false,
    formOf: () => 'whole',
    clientTokenOf,
    onFolded: () => {},
  }
  const plan: Parameters<Ledger['seal']>[0]['plan'] = (input) => planSeal(input, rules)
  return Array.fromAsync(book.seal({ before, now, plan, zeroHours: [] }))
}

export async function send(
  book: Ledger,
  id: number,
  ...answers: readonly Settlement[]
): Promise<MeteringRecord | undefined> {
  let record: MeteringRecord | undefined
  for (const answer of answers) {
    await markSending(book, id)
    record = await settle(book, id, answer)
  }
  return record
}

export const accepted: Settlement = { kind: 'accepted', meteringRecordId: 'metering-record-1' }
export const lost: Settlement = { kind: 'unknown', code: 'TimeoutError', message: 'no answer' }
export const refused: Settlement = {
  kind: 'refused',
  code: 'AccessDeniedException',
  message: 'The role lacks aws-marketplace:MeterUsage.',
}
export const hourTaken: Settlement = {
  kind: 'hour-taken',
  code: 'DuplicateRequestException',
  message: 'Another quantity stands for this hour.',
}
