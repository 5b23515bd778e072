import { readArguments } from '../../command-line.ts'
import {
  requireWindowOver,
  resolveDelivered,
  resolveResend,
} from '../../../ledger/decisions/operator-actions.ts'
import { aboutRecord } from '../../../ledger/decisions/trail.ts'
import type { Page } from '../../../ledger/page/page.ts'
import type { MeteringRecord } from '../../../metering/record/record.ts'
import { exitCodes } from '../../exit-codes.ts'
import { formatHour, formatRecord, formatUnits } from '../format-record.ts'
import { commonOptions, invalid, recordId } from '../ledger-arguments.ts'
import { recordBody } from '../record-body.ts'
import { confirmDecision, yesOption } from './confirm-decision.ts'
import { Decision, type DecisionContext } from './decision.ts'
import { printOutcome } from './print-outcome.ts'

/** `ledger resolve`: an operator's decision about a record that AWS may have billed. */
export async function resolveRecord(
  args: readonly string[],
  context: DecisionContext,
): Promise<number> {
  const { values, positionals } = readArguments('ledger', args, {
    options: {
      ...commonOptions,
      ...yesOption,
      delivered: { type: 'boolean', default: false },
      resend: { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  const id = recordId('resolve', positionals)
  if (values.delivered === values.resend)
    throw invalid(
      '"ledger resolve" needs exactly one of --delivered (AWS has billed it) and --resend (AWS has not)',
    )
  const { force } = values
  if (force && values.delivered) throw invalid('--force belongs to --resend')
  const decision = new Decision(values['data-dir'], context)
  const action = values.delivered ? 'resolve-delivered' : 'resolve-resend'
  if (action === 'resolve-delivered') decision.product.requireAllowed(action)
  const before = await decision.recordIn(id, 'unresolved', 'resolved')
  if (values.resend && !force) requireWindowOver(before, await decision.now())
  const subject = formatRecord(before)
  if (!(await confirmDecision(action, subject, values.yes, context.io))) return exitCodes.failed
  const decide = (page: Page, now: number) =>
    values.delivered ? resolveDelivered(page, id, now) : resolveResend(page, id, now, force)
  const record = await decision.run(action, decide, aboutRecord)
  const resolution = values.delivered ? 'delivered' : 'resend'
  const body = { action: 'resolve', resolution, record: recordBody(record) }
  printOutcome(context.io, values.json, body, describe(record))
  return exitCodes.ok
}

function describe(record: MeteringRecord): string {
  const units = formatUnits(record.quantity)
  const done = `Resolved: ${formatRecord(record)} is now ${record.state}.`
  return record.movedTo === undefined
    ? `${done} Its ${units} stay in it as billed by AWS and are never sent again.`
    : `${done} Its ${units} are open usage of ${formatHour(record.movedTo)} and are billed with that hour.`
}
