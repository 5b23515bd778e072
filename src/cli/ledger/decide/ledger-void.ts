import { readArguments } from '../../command-line.ts'
import {
  writeOffRecord,
  writeOffUsage,
  type UsageToWriteOff,
} from '../../../ledger/decisions/write-off.ts'
import { aboutRecord, aboutUsage } from '../../../ledger/decisions/trail.ts'
import { formatQuantity, parseQuantity } from '../../../metering/quantity.ts'
import { canonicalTags, type TagSet } from '../../../metering/tags.ts'
import { exitCodes } from '../../exit-codes.ts'
import { formatRecord, formatTags, formatUnits } from '../format-record.ts'
import { commonOptions, invalid, recordId } from '../ledger-arguments.ts'
import { recordBody } from '../record-body.ts'
import { confirmDecision, yesOption } from './confirm-decision.ts'
import { Decision, type DecisionContext } from './decision.ts'
import { printOutcome } from './print-outcome.ts'

const longestReason = 500

/** `ledger void`: usage that must never be billed, with the reason why. */
export async function voidUsage(
  args: readonly string[],
  context: DecisionContext,
): Promise<number> {
  const { values, positionals } = readArguments('ledger', args, {
    options: {
      ...commonOptions,
      ...yesOption,
      reason: { type: 'string' },
      dimension: { type: 'string' },
      quantity: { type: 'string' },
      tags: { type: 'string' },
      customer: { type: 'string' },
    },
    allowPositionals: true,
  })
  const { dimension, quantity, tags, customer, yes, json } = values
  const reason = reasonOf(values.reason)
  const ofUsage = [dimension, quantity, tags, customer].some((option) => option !== undefined)
  if (ofUsage && positionals.length > 0)
    throw invalid('"ledger void" needs the id of a refused record, or --dimension and --quantity')
  const target = ofUsage
    ? {
        dimension: dimensionOf(dimension),
        quantity: quantityOf(quantity),
        tags: tagsOf(tags),
        customer: customer ?? '',
        reason,
      }
    : recordId('void', positionals)
  const decision = new Decision(values['data-dir'], context)
  decision.product.requireAllowed('void')
  return typeof target === 'number'
    ? voidRecord(target, reason, { yes, json }, decision, context)
    : voidHeldOrOpen(target, { yes, json }, decision, context)
}

interface Flags {
  readonly yes: boolean
  readonly json: boolean
}

async function voidRecord(
  id: number,
  reason: string,
  { yes, json }: Flags,
  decision: Decision,
  { io }: DecisionContext,
): Promise<number> {
  const subject = formatRecord(await decision.recordIn(id, 'refused', 'written off'))
  if (!(await confirmDecision('void', subject, yes, io))) return exitCodes.failed
  const record = await decision.run(
    'void',
    (page, now) => writeOffRecord(page, id, reason, now),
    (written) => ({ ...aboutRecord(written), reason }),
  )
  printOutcome(
    io,
    json,
    { action: 'void', record: recordBody(record) },
    `Written off: ${formatRecord(record)}. Its ${formatUnits(record.quantity)} are never billed.`,
  )
  return exitCodes.ok
}

async function voidHeldOrOpen(
  usage: UsageToWriteOff,
  { yes, json }: Flags,
  decision: Decision,
  { io }: DecisionContext,
): Promise<number> {
  const { dimension, customer, reason } = usage
  const quantity = formatQuantity(usage.quantity)
  const tagged = usage.tags === undefined ? '' : ` with the tags ${formatTags(usage.tags)}`
  const whose = customer === '' ? '' : ` of the customer ${customer}`
  const subject = `${quantity} ${dimension}${whose}${tagged}, held usage first, then open usage`
  if (!(await confirmDecision('void', subject, yes, io))) return exitCodes.failed
  await decision.run(
    'void',
    (page, now) => writeOffUsage(page, usage, now),
    () => aboutUsage(usage),
  )
  printOutcome(
    io,
    json,
    { action: 'void', dimension, customer, quantity, reason },
    `Written off: ${quantity} ${dimension}${whose}${tagged}. They are never billed.`,
  )
  return exitCodes.ok
}

function reasonOf(text: string | undefined): string {
  const reason = text?.trim() ?? ''
  if (reason === '' || reason.length > longestReason)
    throw invalid(
      `"ledger void" needs --reason with 1 to ${longestReason} characters, for the trail`,
    )
  return reason
}

function dimensionOf(text: string | undefined): string {
  if (text === undefined) throw invalid('"ledger void" needs --dimension')
  return text
}

function quantityOf(text: string | undefined): bigint {
  const quantity = parseQuantity(text)
  if (!quantity.ok) throw invalid(`--quantity: ${quantity.failure.reason}`)
  if (quantity.value === 0n) throw invalid('--quantity must be above 0')
  return quantity.value
}

/** `team=a,plan=gold`; an empty text is for usage without tags. */
function tagsOf(text: string | undefined): TagSet | undefined {
  if (text === undefined) return undefined
  const pairs = text === '' ? [] : text.split(',')
  return canonicalTags(
    pairs.map((pair) => {
      const [key = '', ...value] = pair.split('=')
      if (key === '' || value.length === 0)
        throw invalid('--tags must be pairs such as team=a,plan=gold')
      return { key, value: value.join('=') }
    }),
  )
}
