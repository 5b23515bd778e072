import type {
  CustomerAnswer,
  CustomerUsageAnswer,
  EntitlementAnswer,
  UsageAnswer,
} from '../routes/answers.ts'

const productCode = '2z5k9example4w7d1m3x8r6t0'

export const entitledExample: EntitlementAnswer = {
  entitled: true,
  state: 'entitled',
  code: 'Entitled',
  message: 'AWS Marketplace confirms that the buyer may run this product.',
  since: '2026-03-10T09:00:01.250Z',
  productCode,
  route: 'both',
  region: 'eu-west-1',
  publicKeyRotationAt: null,
  transitions: [
    { at: '2026-03-10T09:00:01.250Z', from: 'starting', to: 'entitled', code: 'Entitled' },
  ],
}

export const deniedExample: EntitlementAnswer = {
  ...entitledExample,
  entitled: false,
  state: 'denied',
  code: 'CustomerNotEntitledException',
  message:
    'The customer is not entitled. Subscribe to the product on its page in AWS Marketplace, and start the task or pod again.',
  transitions: [
    {
      at: '2026-03-10T09:00:01.250Z',
      from: 'starting',
      to: 'denied',
      code: 'CustomerNotEntitledException',
    },
  ],
}

export const unreachableExample: EntitlementAnswer = {
  ...entitledExample,
  entitled: false,
  state: 'unreachable',
  code: 'ECONNREFUSED',
  message:
    'The connection was refused. Check that the task or pod can reach the metering endpoint.',
  transitions: [
    { at: '2026-03-10T09:00:01.250Z', from: 'starting', to: 'unreachable', code: 'ECONNREFUSED' },
  ],
}

export const proofExample = {
  token: 'eyJhbGciOiJQUzI1NiJ9.eyJub25jZSI6IjE2LXRvLTI1NS1jaGFycyJ9.c2lnbmF0dXJl',
  productCode,
  publicKeyVersion: 1,
  nonce: '16-to-255-chars-fresh-and-random',
}

export const reportExample = {
  dimension: 'requests',
  quantity: 3,
  occurredAt: '2026-03-10T09:15:00Z',
  tags: { team: 'blue' },
  idempotencyKey: '6f1c2c1e-8a39-4c43-a1c5-3f0b1d0a9a11',
}

export const receiptExample = { result: 'accepted', hour: '2026-03-10T09:00:00.000Z', late: false }

export const usageExample: UsageAnswer = {
  now: '2026-03-10T11:20:00.000Z',
  sidecar: {
    version: '0.2.0',
    resource: 'arn:aws:ecs:us-east-1:111122223333:task/shop/0123456789abcdef0123456789abcdef',
    startedAt: '2026-03-10T08:15:00.000Z',
  },
  store: {
    kind: 'sqlite',
    ledgerBytes: 180_224,
    freeBytes: 1_020_000_000,
    volumeBytes: 1_073_741_824,
  },
  dimensions: [{ name: 'requests', unit: null, divisor: 1, aggregate: 'sum' }],
  sources: [
    {
      name: 'prometheus',
      dimensions: ['requests'],
      lastHeardAt: '2026-03-10T11:19:45.000Z',
      lastFailure: null,
    },
  ],
  open: [{ dimension: 'requests', hour: '2026-03-10T11:00:00.000Z', quantity: 2.25 }],
  readings: [
    {
      dimension: 'hosts',
      hour: '2026-03-10T11:00:00.000Z',
      quantity: 12,
      aggregate: 'max',
      count: 1,
    },
  ],
  fractions: [{ dimension: 'requests', quantity: 0.5 }],
  held: [
    {
      id: 1,
      customer: null,
      dimension: 'requests',
      hour: '2026-03-10T08:00:00.000Z',
      quantity: 900000,
      reason: 'guard',
      since: '2026-03-10T09:01:00.000Z',
      acceptedUntil: '2026-03-10T15:00:00.000Z',
    },
  ],
  late: [{ dimension: 'requests', hour: '2026-03-10T11:00:00.000Z', quantity: 1 }],
  pending: [
    {
      id: 2,
      customer: null,
      dimension: 'requests',
      hour: '2026-03-10T10:00:00.000Z',
      quantity: 5,
      state: 'refused',
      attempts: 1,
      meteringRecordId: null,
      lastAttemptAt: '2026-03-10T11:01:00.000Z',
      lastCode: 'AccessDeniedException',
      lastMessage: 'Not authorized. Allow aws-marketplace:MeterUsage for the role.',
      settledAt: null,
      movedTo: null,
      acceptedUntil: '2026-03-10T17:00:00.000Z',
    },
  ],
  settled: [
    {
      id: 1,
      customer: null,
      dimension: 'requests',
      hour: '2026-03-10T09:00:00.000Z',
      quantity: 42,
      state: 'accepted',
      attempts: 1,
      meteringRecordId: '0b7f8e9a-5a5c-4e0b-9d2c-1f2e3d4c5b6a',
      lastAttemptAt: '2026-03-10T10:01:00.000Z',
      lastCode: null,
      lastMessage: null,
      settledAt: '2026-03-10T10:01:00.000Z',
      movedTo: null,
      acceptedUntil: null,
    },
  ],
  pendingCount: 1,
  unresolvedCount: 0,
  nextSendAt: '2026-03-10T11:31:00.000Z',
  lastSuccessAt: '2026-03-10T10:01:00.000Z',
  lastFailure: {
    at: '2026-03-10T11:01:00.000Z',
    code: 'AccessDeniedException',
    message: 'Not authorized. Allow aws-marketplace:MeterUsage for the role.',
  },
  oldestUnsentHour: '2026-03-10T10:00:00.000Z',
}

export const customerExample: CustomerAnswer = {
  key: 'acme',
  registered: true,
  active: true,
  billedBy: 'license-arn',
  accountId: '111122223333',
  licenseArn: 'arn:aws:license-manager::294406891311:license:l-1234567890abcdef',
  identifier: null,
  registeredAt: '2026-03-10T09:00:01.250Z',
  endedAt: null,
}

export const customerUsageExample: CustomerUsageAnswer = {
  ...customerExample,
  open: [{ dimension: 'requests', hour: '2026-03-10T09:00:00.000Z', quantity: 3 }],
  fractions: [],
  held: [],
  pending: [],
  settled: [],
}
