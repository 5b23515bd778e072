import { isObject, type Members } from '../../../kernel/is-object.ts'
import { fromIso } from '../../../kernel/clock.ts'
import { SidecarError } from '../../../kernel/errors.ts'
import type { CustomerNames } from '../../../metering/customer.ts'

/** An event of AWS Marketplace, as far as it is about a licence or a subscription. */
export interface AwsEvent {
  /** AWS's id of the event, by which a repeat is known. */
  readonly id: string
  readonly names: CustomerNames
  /** Undefined for an event that changes nothing here. */
  readonly change: 'ended' | 'active' | undefined
  /** When it happened, by AWS's clock, ms; undefined where the message does not say so. */
  readonly at: number | undefined
}

const longest = 256

/**
 * Reads an event of EventBridge, or a notification of SNS with its envelope. The caller has verified that it
 * came from AWS; nothing in it is fetched. Throws InvalidEvent.
 */
export function parseEvent(body: unknown): AwsEvent {
  const event = objectOf(body)
  if (event === undefined) throw invalid('The body is not an object.')
  if (event['detail-type'] !== undefined) return eventBridge(event)
  if (event['Type'] === 'Notification') return sns(event, nameOf(event['MessageId']))
  if (event['action'] !== undefined)
    throw invalid(
      'It has no envelope of SNS, whose id tells a repeat from a second end of a subscription: turn raw message delivery off.',
    )
  throw invalid(
    event['Type'] === undefined
      ? 'It has neither "detail-type" of EventBridge nor "Type" of SNS.'
      : 'Only notifications of SNS are events; confirm the subscription yourself.',
  )
}

function eventBridge(event: Members): AwsEvent {
  const id = nameOf(event['id'])
  if (id === undefined || event['source'] !== 'aws.agreement-marketplace')
    throw invalid('It has no "id", or its source is not aws.agreement-marketplace.')
  const type = textOf(event['detail-type']) ?? ''
  const change = type.startsWith('License Deprovisioned')
    ? 'ended'
    : type.startsWith('License Updated')
      ? 'active'
      : undefined
  const detail = objectOf(event['detail']) ?? {}
  const names = {
    licenseArn: licenceIn([detail, event['resources']]),
    accountId: nameOf(objectOf(detail['acceptor'])?.['accountId']),
  }
  if (change !== undefined && names.licenseArn === undefined && names.accountId === undefined)
    throw invalid('It names neither a licence nor an account.')
  return { id, names, change, at: timeOf(event['time']) }
}

function sns(envelope: Members, id: string | undefined): AwsEvent {
  const message = textOf(envelope['Message'], 65_536)
  if (id === undefined || message === undefined) throw invalid('It has no MessageId or no Message.')
  let content: unknown
  try {
    content = JSON.parse(message)
  } catch {
    throw invalid('The Message of the notification is not JSON.')
  }
  const event = objectOf(content)
  if (event === undefined) throw invalid('The Message of the notification is not an object.')
  if (event['detail-type'] !== undefined) return eventBridge(event)
  return subscription(event, { id, at: timeOf(envelope['Timestamp']) })
}

function subscription(event: Members, { id, at }: Pick<AwsEvent, 'id' | 'at'>): AwsEvent {
  const action = textOf(event['action'])
  const changes: Readonly<Record<string, AwsEvent['change']>> = {
    'subscribe-success': 'active',
    'unsubscribe-pending': 'ended',
    'unsubscribe-success': 'ended',
  }
  const names = {
    identifier: nameOf(event['customer-identifier']),
    accountId: nameOf(event['customer-aws-account-id']),
  }
  const change = changes[action ?? '']
  if (change !== undefined && names.identifier === undefined && names.accountId === undefined)
    throw invalid('It does not have a customer-identifier.')
  return { id, names, change, at }
}

/** AWS's clock decides between events that come in another order than they happened. */
function timeOf(value: unknown): number | undefined {
  return fromIso(textOf(value) ?? '')
}

/** The licence of an event, wherever AWS puts it. */
function licenceIn(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string')
    return /^arn:aws[\w-]*:license-manager:.*license[:/]/.test(value) ? nameOf(value) : undefined
  if (typeof value !== 'object' || value === null || depth > 8) return undefined
  for (const member of Object.values(value)) {
    const licence = licenceIn(member, depth + 1)
    if (licence !== undefined) return licence
  }
  return undefined
}

function objectOf(value: unknown): Members | undefined {
  return isObject(value) ? value : undefined
}

/** Names and ids of AWS are ASCII, and a store could not keep every other text. */
function nameOf(value: unknown): string | undefined {
  const text = textOf(value)
  return text !== undefined && /^[ -~]+$/.test(text) ? text : undefined
}

function textOf(value: unknown, most = longest): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= most ? value : undefined
}

function invalid(why: string): SidecarError {
  return new SidecarError(
    'InvalidEvent',
    `The body is not an event of AWS Marketplace. ${why} Forward the message unchanged, after you have verified where it came from.`,
  )
}
