import { toIso } from '../../kernel/clock.ts'
import { hourMs } from '../../metering/hour.ts'
import type { EmulatedCustomer } from '../marketplace.ts'

/** What AWS tells a seller of a licence: by EventBridge the first two, by SNS the others. */
export const eventTypes = [
  'License Deprovisioned',
  'License Updated',
  'unsubscribe-pending',
  'unsubscribe-success',
  'subscribe-success',
] as const

export interface EventRequest {
  readonly type: (typeof eventTypes)[number]
  readonly licenseArn: string
  /** How often it is delivered: AWS delivers once at least. */
  readonly times: number
}

/** How long AWS accepts the last records of a licence after it has ended. */
const graceMs = hourMs

/** Returns the customer as the event leaves him: one who has gone is metered for about an hour more. */
export function customerAfter(
  customer: EmulatedCustomer,
  type: EventRequest['type'],
  now: number,
): EmulatedCustomer {
  switch (type) {
    case 'License Deprovisioned':
    case 'unsubscribe-pending':
      return { ...customer, leavesAt: now + graceMs }
    case 'unsubscribe-success':
      return { ...customer, leavesAt: now }
    case 'License Updated':
    case 'subscribe-success':
      return { ...customer, subscribed: true, leavesAt: undefined }
  }
}

/** Returns the body that a seller's queue or topic delivers: the event of EventBridge, or the envelope of SNS. */
export function eventBody(
  type: EventRequest['type'],
  customer: EmulatedCustomer,
  { id, now }: { readonly id: string; readonly now: number },
): object {
  const { licenseArn, customerAwsAccountId, customerIdentifier, agreementId, productCode } =
    customer
  if (type === 'License Deprovisioned' || type === 'License Updated')
    return {
      version: '0',
      id,
      'detail-type': `${type} - Manufacturer`,
      source: 'aws.agreement-marketplace',
      account: '000000000000',
      time: toIso(now),
      region: 'us-east-1',
      resources: [licenseArn],
      detail: {
        acceptor: { accountId: customerAwsAccountId },
        agreement: { id: agreementId ?? null },
        license: { arn: licenseArn },
        product: { code: productCode },
      },
    }
  const message = {
    action: type,
    'customer-identifier': customerIdentifier ?? customerAwsAccountId,
    'customer-aws-account-id': customerAwsAccountId,
    'product-code': productCode,
  }
  return {
    Type: 'Notification',
    MessageId: id,
    TopicArn: 'arn:aws:sns:us-east-1:287250355862:aws-mp-subscription-notification',
    Message: JSON.stringify(message),
    Timestamp: toIso(now),
  }
}

const attempts = 5
const againMs = 500
const timeoutMs = 5000

/** Where events are posted to. */
interface Webhook {
  readonly url: string
  /** The bearer token that it wants, if any. */
  readonly token: string | undefined
}

/** Posts a body until it is accepted; returns the last status, 0 where nothing answered. */
export async function deliver(
  webhook: Webhook,
  body: object,
  pause: (ms: number) => Promise<void>,
): Promise<number> {
  let status = 0
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (attempt > 0) await pause(againMs)
    status = await post(webhook, body).catch(() => 0)
    if (status >= 200 && status < 300) break
  }
  return status
}

async function post({ url, token }: Webhook, body: object): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  })
  await response.body?.cancel()
  return response.status
}
