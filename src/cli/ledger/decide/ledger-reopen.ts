import { readArguments } from '../../command-line.ts'
import { reopenRefused } from '../../../ledger/decisions/reopen-record.ts'
import { aboutRecord } from '../../../ledger/decisions/trail.ts'
import { exitCodes } from '../../exit-codes.ts'
import { formatHour, formatRecord, formatUnits } from '../format-record.ts'
import { commonOptions, recordId } from '../ledger-arguments.ts'
import { recordBody } from '../record-body.ts'
import { confirmDecision, yesOption } from './confirm-decision.ts'
import { Decision, type DecisionContext } from './decision.ts'
import { printOutcome } from './print-outcome.ts'

/** `ledger reopen`: the product file is corrected, so a refused record is sealed again with its words. */
export async function reopenRecord(
  args: readonly string[],
  context: DecisionContext,
): Promise<number> {
  const { values, positionals } = readArguments('ledger', args, {
    options: { ...commonOptions, ...yesOption },
    allowPositionals: true,
  })
  const id = recordId('reopen', positionals)
  const decision = new Decision(values['data-dir'], context)
  const before = await decision.recordIn(id, 'refused', 'reopened')
  const today = decision.product.todaysNames()
  const dimension = today.dimensionOf(before.dimension) ?? before.dimension
  const subject = `${formatRecord(before)}, as ${dimension} of ${today.productCode}`
  if (!(await confirmDecision('reopen', subject, values.yes, context.io))) return exitCodes.failed
  const record = await decision.run(
    'reopen',
    (page, now) => reopenRefused(page, id, now, today),
    aboutRecord,
  )
  printOutcome(
    context.io,
    values.json,
    { action: 'reopen', record: recordBody(record) },
    `Reopened: ${formatRecord(record)} is now ${record.state}. Its ${formatUnits(record.quantity)} are open usage of ${formatHour(record.movedTo ?? record.hour)} as ${dimension} of ${today.productCode}.`,
  )
  return exitCodes.ok
}
