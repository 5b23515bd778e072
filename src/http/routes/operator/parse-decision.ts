import { storableText } from '../../../kernel/text/storable-text.ts'
import { isObject, type Members } from '../../../kernel/is-object.ts'
import { bodyMembers } from '../body-members.ts'
import { SidecarError } from '../../../kernel/errors.ts'
import {
  operatorActionTable,
  type OperatorAction,
} from '../../../metering/record/operator-table.ts'
import { parseQuantity } from '../../../metering/quantity.ts'
import { canonicalTags, type TagSet } from '../../../metering/tags.ts'
import type { Decided, OperatorDesk } from './operator-desk.ts'

export const longestReason = 500

/**
 * Reads what an operator decided. Throws InvalidRequest, also where the decision cannot be undone and the
 * body does not say `"yes": true`.
 */
export function parseDecision(
  action: OperatorAction,
  body: unknown,
): (desk: OperatorDesk) => Promise<Decided> {
  const isVoid = action === 'void'
  const members = bodyMembers(body, membersOfAction[action] ?? ['id', 'yes'])
  const decision = isVoid ? parseVoid(members) : parseById(action, members)
  const { final, question } = operatorActionTable[action]
  if (final && members['yes'] !== true)
    throw invalid(
      `${question} This cannot be undone. Nothing was changed; add "yes": true to confirm.`,
    )
  return decision
}

const membersOfAction: { readonly [action in OperatorAction]?: readonly string[] } = {
  'resolve-resend': ['id', 'force', 'yes'],
  void: ['id', 'reason', 'dimension', 'quantity', 'tags', 'customer', 'yes'],
}

function parseById(action: Exclude<OperatorAction, 'void'>, members: Members) {
  const id = idOf(members['id'])
  const force = members['force']
  if (force !== undefined && force !== true) throw invalid('force must be true, or left out.')
  return (desk: OperatorDesk) => {
    if (action === 'release') return desk.release(id)
    return action === 'resolve-resend' ? desk.resend(id, force === true) : desk.decide(action, id)
  }
}

function parseVoid(members: Members): (desk: OperatorDesk) => Promise<Decided> {
  const { id, dimension, quantity, tags, customer = '' } = members
  const reason = reasonOf(members['reason'])
  const ofUsage = [dimension, quantity, tags, members['customer']].some(
    (member) => member !== undefined,
  )
  if (!ofUsage) {
    const record = idOf(id)
    return (desk) => desk.voidRecord(record, reason)
  }
  if (id !== undefined) throw invalid('Give the id of a refused record, or dimension and quantity.')
  if (typeof dimension !== 'string' || dimension === '') throw invalid('dimension must be a text.')
  if (typeof customer !== 'string') throw invalid('customer must be a text.')
  const amount = parseQuantity(quantity)
  if (!amount.ok) throw invalid(`quantity: ${amount.failure.reason}`)
  if (amount.value === 0n) throw invalid('quantity must be above 0.')
  const usage = { dimension, quantity: amount.value, tags: tagsOf(tags), customer, reason }
  return (desk) => desk.voidUsage(usage)
}

function idOf(id: unknown): number {
  if (typeof id === 'number' && Number.isSafeInteger(id) && id > 0) return id
  throw invalid('id must be the number that GET /v1/operator/records lists.')
}

function reasonOf(given: unknown): string {
  const reason = typeof given === 'string' ? storableText(given.trim()) : ''
  if (reason !== '' && reason.length <= longestReason) return reason
  throw invalid(`reason must be a text of 1 to ${longestReason} characters, for the trail.`)
}

/** An empty object is for usage without tags. */
function tagsOf(tags: unknown): TagSet | undefined {
  if (tags === undefined) return undefined
  const pairs = isObject(tags) ? Object.entries(tags) : undefined
  if (pairs === undefined || pairs.some(([, value]) => typeof value !== 'string'))
    throw invalid('tags must be an object of texts, as a report has them.')
  return canonicalTags(pairs.map(([key, value]) => ({ key, value: String(value) })))
}

function invalid(message: string): SidecarError {
  return new SidecarError('InvalidRequest', message)
}
