import { readArguments } from '../../command-line.ts'
import { toIso } from '../../../kernel/clock.ts'
import { heldNotFound, releaseHeld } from '../../../ledger/decisions/release-held.ts'
import { aboutHeld } from '../../../ledger/decisions/trail.ts'
import { formatQuantity } from '../../../metering/quantity.ts'
import { exitCodes } from '../../exit-codes.ts'
import { formatHour, formatUsage } from '../format-record.ts'
import { commonOptions, recordId } from '../ledger-arguments.ts'
import { confirmDecision, yesOption } from './confirm-decision.ts'
import { Decision, type DecisionContext } from './decision.ts'
import { printOutcome } from './print-outcome.ts'

/** `ledger release`: an operator found held usage right, so it is billed. */
export async function releaseUsage(
  args: readonly string[],
  context: DecisionContext,
): Promise<number> {
  const { values, positionals } = readArguments('ledger', args, {
    options: { ...commonOptions, ...yesOption },
    allowPositionals: true,
  })
  const id = recordId('release', positionals)
  const decision = new Decision(values['data-dir'], context)
  const held = (await decision.held()).find((each) => each.id === id)
  if (held === undefined) throw heldNotFound(id)
  const usage = formatUsage(held)
  const subject = `${formatQuantity(held.quantity)} ${usage} of ${formatHour(held.hour)} (held: ${held.reason})`
  if (!(await confirmDecision('release', subject, values.yes, context.io))) return exitCodes.failed
  const released = await decision.run(
    'release',
    (page, now) => releaseHeld(page, id, now, decision.product.meaningOf),
    (decided) => aboutHeld(id, decided),
  )
  const { hour, releasedTo } = released
  const { customer, dimension } = held
  const units = formatQuantity(released.quantity)
  printOutcome(
    context.io,
    values.json,
    {
      action: 'release',
      id,
      customer,
      dimension,
      hour: toIso(hour),
      quantity: units,
      releasedTo: toIso(releasedTo),
    },
    `Released: ${units} ${usage} of ${formatHour(hour)} are open usage of ${formatHour(releasedTo)} and are billed with that hour.`,
  )
  return exitCodes.ok
}
