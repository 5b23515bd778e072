import { entitlementStates } from '../../entitlement/transitions.ts'
import { aggregates } from '../../metering/account.ts'
import { heldReasons } from '../../metering/held.ts'
import { operatorActions } from '../../metering/record/operator-table.ts'
import { recordStates } from '../../metering/record/record-states.ts'
import { storeKinds } from '../../store/summary.ts'
import { customerForms } from '../../metering/customer.ts'
import type {
  CustomerAnswer,
  CustomerUsageAnswer,
  DimensionAnswer,
  EntitlementAnswer,
  HeldAnswer,
  HourAnswer,
  ReadingsAnswer,
  RecordAnswer,
  SidecarAnswer,
  StoreAnswer,
  TransitionAnswer,
  UsageAnswer,
} from '../routes/answers.ts'
import type {
  DecidedAnswer,
  UndecidedAnswer,
  UndecidedRecordAnswer,
} from '../routes/operator/operator-answers.ts'
import { problemTable } from '../../kernel/problems/problem-table.ts'
import type { JsonSchema } from '../../kernel/schema/schema.ts'
import { routeNames } from '../../product/routes.ts'
import { reportSchemas } from './report-schemas.ts'
import {
  answer,
  bytesOrNull,
  listOf,
  quantity,
  text,
  textOrNull,
  time,
  timeOrNull,
  whole,
  type Properties,
} from './schema-parts.ts'
import { sourceSchema } from './source-schema.ts'
import type { ProblemDocument } from '../listener/problem.ts'

export function ref(name: keyof typeof componentSchemas): JsonSchema {
  return { $ref: `#/components/schemas/${name}` }
}

const proof = { token: text, productCode: text, publicKeyVersion: whole, nonce: text }
const customer: Properties<CustomerAnswer> = {
  key: text,
  registered: { type: 'boolean', description: 'False while usage waits for a registration.' },
  active: { type: 'boolean', description: 'Registered, and the licence has not ended.' },
  billedBy: { type: ['string', 'null'], enum: [...customerForms, null] },
  accountId: textOrNull,
  licenseArn: textOrNull,
  identifier: textOrNull,
  registeredAt: timeOrNull,
  endedAt: timeOrNull,
}

const customerOrNull = {
  ...textOrNull,
  description: "The application's key of the customer; null where the product has none.",
}

const usageRecord: Properties<RecordAnswer> = {
  id: { type: 'integer', minimum: 1 },
  customer: customerOrNull,
  dimension: text,
  hour: time,
  quantity,
  state: { type: 'string', enum: recordStates },
  attempts: whole,
  meteringRecordId: textOrNull,
  lastAttemptAt: timeOrNull,
  lastCode: textOrNull,
  lastMessage: textOrNull,
  settledAt: timeOrNull,
  movedTo: timeOrNull,
  acceptedUntil: {
    ...timeOrNull,
    description: 'When AWS stops accepting a record of its hour; null once the record is settled.',
  },
}
export const componentSchemas = {
  Entitlement: answer<EntitlementAnswer>('Whether the product may run, and why.', {
    entitled: { type: 'boolean', description: 'The only member that an application needs.' },
    state: { type: 'string', enum: entitlementStates },
    code: {
      ...text,
      description: "AWS's error name, a network code, or one of the sidecar's own codes.",
    },
    message: { ...text, description: 'Why, and what to do, for people.' },
    since: time,
    productCode: text,
    route: { type: 'string', enum: routeNames },
    region: textOrNull,
    publicKeyRotationAt: timeOrNull,
    transitions: { ...listOf('Transition'), maxItems: 5 },
  }),
  Transition: answer<TransitionAnswer>('A change of the state.', {
    at: time,
    from: { type: 'string', enum: entitlementStates },
    to: { type: 'string', enum: entitlementStates },
    code: text,
  }),
  Proof: answer<typeof proof>("AWS's own token for the application's nonce.", proof),
  ...reportSchemas,
  Usage: answer<UsageAnswer>('Where every unit is.', {
    now: time,
    sidecar: answer<SidecarAnswer>('The program that answers.', {
      version: text,
      resource: { ...text, description: 'The ECS task, or the EKS pod by its uid.' },
      startedAt: time,
    }),
    store: answer<StoreAnswer>('Where the book is kept. A size that is not known is null.', {
      kind: { type: 'string', enum: storeKinds },
      ledgerBytes: bytesOrNull,
      freeBytes: bytesOrNull,
      volumeBytes: bytesOrNull,
    }),
    dimensions: listOf('Dimension'),
    sources: listOf('Source'),
    open: listOf('HourUsage'),
    readings: listOf('HourReadings'),
    fractions: { type: 'array', items: answer('', { dimension: text, quantity }) },
    held: listOf('HeldUsage'),
    late: listOf('HourUsage'),
    pending: listOf('UsageRecord'),
    pendingCount: whole,
    settled: listOf('UsageRecord'),
    unresolvedCount: whole,
    nextSendAt: timeOrNull,
    lastSuccessAt: timeOrNull,
    lastFailure: {
      ...answer('The last attempt that failed.', { at: time, code: text, message: text }),
      type: ['object', 'null'],
    },
    oldestUnsentHour: timeOrNull,
  }),
  Dimension: answer<DimensionAnswer>('A dimension of the product.', {
    name: text,
    unit: textOrNull,
    divisor: { type: 'integer', minimum: 1 },
    aggregate: { type: 'string', enum: aggregates },
  }),
  HourUsage: answer<HourAnswer>('In units of the application.', {
    dimension: text,
    hour: time,
    quantity,
  }),
  HourReadings: answer<ReadingsAnswer>('What the readings of an hour come to so far.', {
    dimension: text,
    hour: time,
    quantity,
    aggregate: { type: 'string', enum: aggregates },
    count: whole,
  }),
  Source: sourceSchema,
  HeldUsage: answer<HeldAnswer>('In units of the application, until an operator decides.', {
    id: { type: 'integer', minimum: 1 },
    customer: customerOrNull,
    dimension: text,
    hour: time,
    quantity,
    reason: { type: 'string', enum: heldReasons },
    since: time,
    acceptedUntil: timeOrNull,
  }),
  UsageRecord: answer<RecordAnswer>("An hour of a dimension, in AWS's units.", usageRecord),
  UndecidedRecord: answer<UndecidedRecordAnswer>('A record, and what can be decided about it.', {
    ...usageRecord,
    mayBeBilled: { type: 'boolean', description: 'AWS may have it although no answer said so.' },
    decisions: { type: 'array', items: { type: 'string', enum: operatorActions } },
  }),
  Undecided: answer<UndecidedAnswer>('What an operator can decide about.', {
    now: time,
    open: listOf('HourUsage'),
    held: listOf('HeldUsage'),
    records: listOf('UndecidedRecord'),
  }),
  Decided: answer<DecidedAnswer>('What was decided, and is on disk.', {
    action: { type: 'string', enum: operatorActions },
    record: { oneOf: [{ $ref: '#/components/schemas/UsageRecord' }, { type: 'null' }] },
    billedWith: { ...timeOrNull, description: 'The hour that the usage is billed with.' },
  }),
  Customer: answer<CustomerAnswer>('A customer of a SaaS product.', customer),
  CustomerUsage: answer<CustomerUsageAnswer>('A customer, and where the usage is.', {
    ...customer,
    open: listOf('HourUsage'),
    fractions: { type: 'array', items: answer('', { dimension: text, quantity }) },
    held: listOf('HeldUsage'),
    pending: listOf('UsageRecord'),
    settled: listOf('UsageRecord'),
  }),
  CustomerPage: answer<{ customers: unknown; next: unknown }>('In the order of the keys.', {
    customers: listOf('Customer'),
    next: { ...textOrNull, description: 'For `after` of the next page; null on the last one.' },
  }),
  DeletedCustomer: answer<{ key: unknown; deleted: unknown }>('The key is free again.', {
    key: text,
    deleted: { type: 'boolean' },
  }),
  EventResult: answer<{ result: unknown }>('What the event changed.', {
    result: { type: 'string', enum: ['accepted', 'duplicate', 'ignored'] },
  }),
  Problem: {
    type: 'object',
    description: 'RFC 9457. No part of the request was recorded.',
    required: ['type', 'title', 'status', 'detail', 'code'],
    properties: {
      type: { type: 'string', pattern: '^urn:marketplace-sidecar:error:' },
      title: text,
      status: {
        type: 'integer',
        enum: [...new Set(Object.values(problemTable).map((each) => each.status))],
      },
      detail: { ...text, description: 'What happened and what to do, for people.' },
      code: { type: 'string', enum: Object.keys(problemTable) },
      index: { ...whole, description: 'The index of the report in its batch, from 0.' },
      retryAfterSeconds: { type: 'integer', minimum: 1 },
    } satisfies Properties<Required<ProblemDocument>>,
  },
} as const satisfies Record<string, JsonSchema>
