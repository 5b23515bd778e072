import { readArguments } from '../../command-line.ts'
import { retryRefused } from '../../../ledger/decisions/operator-actions.ts'
import { aboutRecord } from '../../../ledger/decisions/trail.ts'
import type { MeteringRecord } from '../../../metering/record/record.ts'
import { exitCodes } from '../../exit-codes.ts'
import { formatRecord, formatUnits } from '../format-record.ts'
import { commonOptions, recordId } from '../ledger-arguments.ts'
import { recordBody } from '../record-body.ts'
import { Decision, type DecisionContext } from './decision.ts'
import { printOutcome } from './print-outcome.ts'

/** `ledger retry`: what AWS complained about is fixed, so a refused record need not wait. */
export async function retryRecord(
  args: readonly string[],
  context: DecisionContext,
): Promise<number> {
  const { values, positionals } = readArguments('ledger', args, {
    options: commonOptions,
    allowPositionals: true,
  })
  const id = recordId('retry', positionals)
  const decision = new Decision(values['data-dir'], context)
  const record = await decision.run('retry', (page) => retryRefused(page, id), aboutRecord)
  const body = { action: 'retry', record: recordBody(record) }
  printOutcome(context.io, values.json, body, describe(record))
  return exitCodes.ok
}

function describe(record: MeteringRecord): string {
  const memory = record.ambiguous
    ? ' AWS may have accepted it at an earlier attempt: if AWS answers that the hour already has a record, this one becomes unresolved.'
    : ''
  return `Freed: ${formatRecord(record)} is now ${record.state}. Its ${formatUnits(record.quantity)} stay in it, unchanged; a running sidecar sends it within a minute, a stopped one at its next start.${memory}`
}
