import { parseArgs } from 'node:util'
import type { Clock } from '../../kernel/clock.ts'
import { SettingValues } from '../../config/setting-values.ts'
import { operate } from '../../ledger/operate.ts'
import { resolveDelivered, resolveResend } from '../../ledger/operator-actions.ts'
import { changeBook } from '../../store/sqlite/file/book-file.ts'
import type { MeteringRecord } from '../../metering/record.ts'
import type { CliIo } from '../cli-io.ts'
import { exitCodes } from '../exit-codes.ts'
import {
  commonOptions,
  currentInstant,
  dataDirectory,
  invalid,
  recordId,
} from './ledger-arguments.ts'
import { formatHour, formatRecord, formatUnits } from './format-record.ts'
import { recordBody } from './record-body.ts'
import { wrap } from '../text-table.ts'

/** `ledger resolve`: an operator's decision about a record that AWS may have billed. */
export async function resolveRecord(
  args: readonly string[],
  io: CliIo,
  clock: Clock,
): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      ...commonOptions,
      delivered: { type: 'boolean', default: false },
      resend: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  const id = recordId('resolve', positionals)
  if (values.delivered === values.resend)
    throw invalid(
      '"ledger resolve" takes exactly one of --delivered (AWS has billed it) and --resend (AWS has not)',
    )
  const directory = dataDirectory(values['data-dir'], io.env)
  const now = currentInstant(directory, clock)
  const maxTagSets = new SettingValues(io.env, () => {}).get('SIDECAR_MAX_TAG_SETS')
  const action = values.delivered ? resolveDelivered : resolveResend
  const record = await operate(
    (decide) => changeBook(directory, decide),
    maxTagSets,
    (page) => action(page, id, now),
  )
  if (values.json) {
    const resolution = values.delivered ? 'delivered' : 'resend'
    io.out(JSON.stringify({ action: 'resolve', resolution, record: recordBody(record) }))
  } else for (const line of wrap(describe(record), 0)) io.out(line)
  return exitCodes.ok
}

function describe(record: MeteringRecord): string {
  const units = formatUnits(record.quantity)
  const done = `Resolved: ${formatRecord(record)} is now ${record.state}.`
  return record.movedTo === undefined
    ? `${done} Its ${units} stay in it as billed by AWS and are never sent again.`
    : `${done} Its ${units} are open usage of ${formatHour(record.movedTo)} and are billed with that hour.`
}
