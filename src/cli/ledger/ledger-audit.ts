import { readArguments } from '../command-line.ts'
import { formatQuantity } from '../../metering/quantity.ts'
import { auditBook, imbalancesOf, type AccountBalance } from '../../ledger/audit/audit.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { CliIo } from '../cli-io.ts'
import { exitCodes } from '../exit-codes.ts'
import { pastClosedPipe } from '../past-closed-pipe.ts'
import { commonOptions, noPositionals } from './ledger-arguments.ts'
import { ledgerPlace } from './ledger-place.ts'
import { renderTable } from '../text-table.ts'

/** `ledger audit`: exit code 1 when a unit that was reported is in no place, or in two. */
export async function auditLedger(
  args: readonly string[],
  io: CliIo,
  clock: Clock,
): Promise<number> {
  const { values, positionals } = readArguments('ledger', args, {
    options: commonOptions,
    allowPositionals: true,
  })
  noPositionals('audit', positionals)
  const place = ledgerPlace(values['data-dir'], { env: io.env, clock })
  const { sums, shared } = await place.read(async (book) => ({
    sums: await book.accountSums(),
    shared: await book.sharedMeteringIds(),
  }))
  const balances = auditBook(sums)
  const wrong = imbalancesOf(balances)
  const balanced = wrong.length === 0 && shared.length === 0
  const verdict = pastClosedPipe(io)
  if (values.json)
    verdict.out(JSON.stringify({ balanced, keys: balances.map(body), sharedMeteringIds: shared }))
  else for (const line of describe(balances)) verdict.out(line)
  if (balanced) return exitCodes.ok
  for (const { meteringRecordId, records } of shared)
    io.err(
      `LedgerImbalanced: Records ${records.join(', ')} have the same MeteringRecordId, ${meteringRecordId}, so AWS has billed only one of them. This is a defect; keep the data directory and report it.`,
    )
  if (wrong.length === 0) return exitCodes.failed
  io.err(
    'LedgerImbalanced: Usage that was reported is in no place, or in two. This is a defect; keep the data directory and report it.',
  )
  return exitCodes.failed
}

function body(balance: AccountBalance) {
  const { customer, dimension, reported, open, fraction, held, recorded, imbalance } = balance
  return {
    customer,
    dimension,
    reported: formatQuantity(reported),
    open: formatQuantity(open),
    fraction: formatQuantity(fraction),
    held: formatQuantity(held),
    recorded: formatQuantity(recorded),
    void: formatQuantity(balance.void),
    imbalance: formatQuantity(imbalance),
  }
}

function describe(balances: readonly AccountBalance[]): string[] {
  if (balances.length === 0) return ['Nothing was reported yet.']
  const wrong = imbalancesOf(balances).length
  const right = (title: string) => ({ title, align: 'right' }) as const
  const numbers = ['reported', 'open', 'fraction', 'held', 'records', 'void', 'imbalance'].map(
    right,
  )
  const rows = balances.map((balance) => {
    const { dimension, reported, open, fraction, held, recorded, imbalance, ...rest } =
      body(balance)
    const name = nameOf(balance.customer, dimension)
    return [name, reported, open, fraction, held, recorded, rest.void, imbalance]
  })
  return [
    ...renderTable([{ title: 'dimension', shrinks: true }, ...numbers], rows),
    '',
    wrong === 0
      ? 'Balanced: reported = open + fraction + held + records + void for every account.'
      : `NOT balanced: ${wrong} of ${balances.length} accounts.`,
  ]
}

function nameOf(customer: string, dimension: string): string {
  return customer === '' ? dimension : `${dimension} (${customer})`
}
