import { expect } from 'vitest'
import { batch, fault, meter, register, resolve, type ClientCase } from './client-case.ts'

const tags = (names: readonly string[]) => names.map((Key) => ({ Key, Value: 'x' }))
const anId = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
/** Matches a time as any of the clients shows it: ISO, or as on the wire. */
const aTimeOf = (iso: string) =>
  expect.toSatisfy((value: unknown) => {
    const instant = typeof value === 'number' ? value * 1000 : Date.parse(String(value))
    return instant === Date.parse(iso)
  }) as unknown
const abroad = { region: 'us-east-1' }
const entitledNot = ['settings', { entitled: false }] as const

const usage: readonly ClientCase[] = [
  {
    name: 'MeterUsage is accepted',
    calls: [meter()],
    output: { MeteringRecordId: anId },
    requests: 1,
    counts: 5,
  },
  {
    name: 'MeterUsage with allocations is accepted',
    calls: [
      meter({
        UsageDimension: 'storage',
        UsageQuantity: 7,
        UsageAllocations: [
          { AllocatedUsageQuantity: 4, Tags: tags(['team']) },
          { AllocatedUsageQuantity: 3 },
        ],
      }),
    ],
    output: { MeteringRecordId: anId },
    counts: 7,
  },
  {
    name: 'MeterUsage with quantity 0 is accepted',
    calls: [meter({ UsageQuantity: 0 })],
    output: { MeteringRecordId: anId },
  },
  {
    name: 'MeterUsage for an hour that has ended is accepted',
    calls: [meter({ Timestamp: '2026-03-10T04:30:00.500Z' })],
    output: { MeteringRecordId: anId },
    counts: 5,
  },
  {
    name: 'a repeated ClientToken is the same call',
    calls: [meter({ ClientToken: 'again' }), meter({ ClientToken: 'again' })],
    sameRecord: true,
    counts: 5,
  },
  {
    name: 'a ClientToken for other usage is an IdempotencyConflictException',
    calls: [
      meter({ ClientToken: 'other' }),
      meter({ ClientToken: 'other', UsageDimension: 'storage' }),
    ],
    error: 'IdempotencyConflictException',
    counts: 5,
  },
  {
    name: 'the same quantity in the same hour is the same record',
    only: 'emulator',
    calls: [meter(), meter()],
    sameRecord: true,
    counts: 5,
  },
  {
    name: 'another quantity in the same hour is a DuplicateRequestException',
    only: 'emulator',
    calls: [meter(), meter({ UsageQuantity: 6 })],
    error: 'DuplicateRequestException',
    counts: 5,
  },
  {
    name: 'another quantity in the same hour is added up',
    only: 'front',
    calls: [meter(), meter({ UsageQuantity: 6 })],
    sameRecord: true,
    counts: 11,
  },
  {
    name: 'a call whose answer is lost is repeated by the SDK and counted once',
    calls: [meter()],
    loses: true,
    output: { MeteringRecordId: anId },
    requests: 2,
    counts: 5,
    countsRepeats: 10,
  },
  {
    name: 'decimal quantities are counted exactly',
    only: 'front',
    // Their models do not have decimals yet.
    not: ['node', 'awsCli', 'go', 'java', 'node2', 'oldBoto3', 'go1', 'java1', 'rust'],
    calls: ['2.50', '0.5'].map((UsageQuantityAsDecimal) =>
      meter({ UsageQuantity: undefined, UsageQuantityAsDecimal }),
    ),
    sameRecord: true,
    counts: 3,
  },
  {
    name: 'a DryRun that is permitted succeeds',
    calls: [meter({ DryRun: true })],
    output: { MeteringRecordId: anId },
  },
  {
    name: 'a DryRun that is permitted fails as DryRunOperation in AWS’s other form',
    prepare: [['settings', { dryRunForm: 'error' }]],
    calls: [meter({ DryRun: true })],
    error: 'DryRunOperation',
  },
  {
    name: 'a DryRun that AWS throttles once is repeated by the SDK',
    prepare: [fault('MeterUsage', 'ThrottlingException')],
    calls: [meter({ DryRun: true })],
    output: { MeteringRecordId: anId },
    requests: 2,
  },
  {
    name: 'a DryRun that AWS keeps throttling is a ThrottlingException',
    prepare: [fault('MeterUsage', 'ThrottlingException', 20)],
    calls: [meter({ DryRun: true })],
    error: 'ThrottlingException',
    requests: 2,
  },
  {
    name: 'a DryRun without a subscription is a CustomerNotEntitledException',
    prepare: [entitledNot],
    calls: [meter({ DryRun: true })],
    error: 'CustomerNotEntitledException',
  },
]

const wrongUsage: readonly ClientCase[] = [
  {
    name: 'a dimension that the product does not have is an InvalidUsageDimensionException',
    calls: [meter({ UsageDimension: 'colours' })],
    error: 'InvalidUsageDimensionException',
  },
  {
    name: 'another product is an InvalidProductCodeException',
    calls: [meter({ ProductCode: 'another' })],
    error: 'InvalidProductCodeException',
  },
  {
    name: 'six tag keys are an InvalidTagException',
    calls: [
      meter({
        UsageAllocations: [
          { AllocatedUsageQuantity: 2, Tags: tags(['a', 'b', 'c']) },
          { AllocatedUsageQuantity: 3, Tags: tags(['d', 'e', 'f']) },
        ],
      }),
    ],
    error: 'InvalidTagException',
  },
  {
    name: 'allocations with another sum are an InvalidUsageAllocationsException',
    calls: [meter({ UsageAllocations: [{ AllocatedUsageQuantity: 4 }] })],
    error: 'InvalidUsageAllocationsException',
  },
  {
    name: 'MeterUsage for another region is an InvalidEndpointRegionException',
    calls: [meter({}, abroad)],
    error: 'InvalidEndpointRegionException',
  },
  {
    name: 'usage of seven hours ago is a TimestampOutOfBoundsException',
    calls: [meter({ Timestamp: '2026-03-10T02:14:00Z' })],
    error: 'TimestampOutOfBoundsException',
  },
  {
    name: 'usage of the next hour is a TimestampOutOfBoundsException',
    calls: [meter({ Timestamp: '2026-03-10T10:00:00Z' })],
    error: 'TimestampOutOfBoundsException',
  },
  {
    name: 'a quantity that is too large is a ValidationException',
    // Their integer has 32 bits.
    not: ['go', 'java', 'java1', 'rust'],
    calls: [meter({ UsageQuantity: 2_147_483_648 })],
    error: 'ValidationException',
  },
  {
    name: 'a quantity below zero is a ValidationException',
    // It rejects the call itself, and only its settings file can prevent that.
    not: ['awsCli'],
    calls: [meter({ UsageQuantity: -1 }, { unchecked: true })],
    error: 'ValidationException',
  },
  {
    name: 'a ClientToken that is too long is a ValidationException',
    calls: [meter({ ClientToken: 'x'.repeat(65) })],
    error: 'ValidationException',
  },
]

const registration: readonly ClientCase[] = [
  {
    name: 'RegisterUsage returns AWS’s token',
    calls: [register('1')],
    output: { Signature: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) },
    nonce: '1',
  },
  {
    name: 'RegisterUsage returns when the key was rotated',
    prepare: [['settings', { publicKeyRotationAt: '2026-03-01T00:00:00Z' }]],
    calls: [register('2')],
    output: { PublicKeyRotationTimestamp: aTimeOf('2026-03-01T00:00:00Z') },
  },
  {
    name: 'RegisterUsage that AWS fails to answer once is repeated by the SDK',
    prepare: [fault('RegisterUsage', 'InternalServiceErrorException')],
    calls: [register('3')],
    output: { Signature: expect.any(String) },
    requests: 2,
  },
  {
    name: 'RegisterUsage that AWS keeps failing is an InternalServiceErrorException',
    prepare: [fault('RegisterUsage', 'InternalServiceErrorException', 20)],
    calls: [register('4')],
    error: 'InternalServiceErrorException',
    requests: 2,
  },
  {
    name: 'RegisterUsage without a subscription is a CustomerNotEntitledException',
    prepare: [entitledNot],
    calls: [register('5')],
    error: 'CustomerNotEntitledException',
  },
  {
    name: 'RegisterUsage outside ECS and EKS is a PlatformNotSupportedException',
    prepare: [['settings', { platformSupported: false }]],
    calls: [register('6')],
    error: 'PlatformNotSupportedException',
  },
  {
    name: 'another key version is an InvalidPublicKeyVersionException',
    calls: [register('7', { PublicKeyVersion: 2 })],
    error: 'InvalidPublicKeyVersionException',
  },
  {
    name: 'a product that is not offered here is a DisabledApiException',
    prepare: [fault('RegisterUsage', 'DisabledApiException', 20)],
    calls: [register('8')],
    error: 'DisabledApiException',
  },
  {
    name: 'RegisterUsage of another product is an InvalidProductCodeException',
    calls: [register('9', { ProductCode: 'another' })],
    error: 'InvalidProductCodeException',
  },
  {
    name: 'RegisterUsage for another region is an InvalidRegionException',
    calls: [register('10', {}, abroad)],
    error: 'InvalidRegionException',
  },
  {
    name: 'a nonce that is too long is a ValidationException',
    calls: [register('x'.repeat(256))],
    error: 'ValidationException',
  },
]

const customer = { CustomerIdentifier: 'demoCustomer01' }

const saas: readonly ClientCase[] = [
  {
    name: 'BatchMeterUsage is answered record by record',
    calls: [batch([customer, { CustomerIdentifier: 'formerCustomer01' }])],
    output: {
      Results: [
        {
          Status: 'Success',
          MeteringRecordId: anId,
          UsageRecord: expect.objectContaining(customer),
        },
        { Status: 'CustomerNotSubscribed' },
      ],
      UnprocessedRecords: [],
    },
  },
  {
    name: 'BatchMeterUsage names a customer by account',
    // Their models do not have that.
    not: ['node2', 'go1', 'java1'],
    calls: [batch([{ CustomerAWSAccountId: '210987654321' }])],
    output: { Results: [{ Status: 'CustomerNotSubscribed' }] },
  },
  {
    name: 'BatchMeterUsage whose answer AWS drops is repeated by the SDK',
    prepare: [['faults', { operation: 'BatchMeterUsage', drop: 'after' }]],
    calls: [batch([customer])],
    output: { Results: [{ Status: 'Success' }] },
    requests: 2,
  },
  {
    name: 'BatchMeterUsage names a duplicate',
    calls: [batch([customer]), batch([{ ...customer, Quantity: 6 }])],
    output: { Results: [{ Status: 'DuplicateRecord' }] },
  },
  {
    name: 'BatchMeterUsage returns the records that were not processed',
    prepare: [['settings', { unprocessed: 'u' }]],
    calls: [batch([customer])],
    output: { UnprocessedRecords: [{ Dimension: 'requests', Quantity: 5 }] },
  },
  {
    name: 'an unknown customer is an InvalidCustomerIdentifierException',
    calls: [batch([{ CustomerIdentifier: 'unknown' }])],
    error: 'InvalidCustomerIdentifierException',
  },
  {
    name: 'another customer’s licence is an InvalidLicenseException',
    // Their models do not have licences.
    not: ['go', 'java', 'node2', 'oldBoto3', 'go1', 'java1'],
    calls: [
      batch([
        {
          CustomerAWSAccountId: '123456789012',
          LicenseArn: 'arn:aws:license-manager::294406891311:license:l-another',
        },
      ]),
    ],
    error: 'InvalidLicenseException',
  },
  {
    name: 'a batch with a record that is too old is a TimestampOutOfBoundsException',
    calls: [batch([{ ...customer, Timestamp: '2026-03-01T00:00:00Z' }])],
    error: 'TimestampOutOfBoundsException',
  },
  {
    name: 'a role that lacks the permission is an AccessDeniedException',
    prepare: [fault('BatchMeterUsage', 'AccessDeniedException', 20)],
    calls: [batch([customer])],
    error: 'AccessDeniedException',
  },
  {
    name: 'ResolveCustomer identifies the buyer',
    calls: [resolve('demo-registration-token')],
    output: { ...customer, CustomerAWSAccountId: '123456789012' },
  },
  {
    name: 'an unknown token is an InvalidTokenException',
    calls: [resolve('unknown')],
    error: 'InvalidTokenException',
  },
  {
    name: 'a token that is too old is an ExpiredTokenException',
    calls: [resolve('expired-token')],
    error: 'ExpiredTokenException',
  },
]

/** Every case that a client can meet. */
export const cases: readonly ClientCase[] = [...usage, ...wrongUsage, ...registration, ...saas]
