import { readFileSync } from 'node:fs'
import * as sdk from '@aws-sdk/client-marketplace-metering'
import manifest from '@aws-sdk/client-marketplace-metering/package.json' with { type: 'json' }
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { BatchMeterUsageOutput } from '../../../src/emulator/operations/batch-meter-usage.ts'
import type { MeterUsageOutput } from '../../../src/emulator/operations/meter-usage.ts'
import type { RegisterUsageOutput } from '../../../src/emulator/operations/register-usage.ts'
import type { ResolveCustomerOutput } from '../../../src/emulator/operations/resolve-customer.ts'
import { contentType, parseCredentialScope, parseTarget } from '../../../src/protocol/codec.ts'
import { generalErrors, modelErrors } from '../../../src/protocol/service-errors.ts'
import type { UsageAllocation } from '../../../src/protocol/fields.ts'
import type { Members } from '../../../src/protocol/member-types.ts'
import {
  type InputOf,
  operationNames,
  operations,
  type OperationName,
} from '../../../src/protocol/operations.ts'
import {
  type UsageRecord,
  recordStatuses,
} from '../../../src/protocol/operations/batch-meter-usage.ts'

/** What a failure of this file means, and what to do. */
const advice =
  `@aws-sdk/client-marketplace-metering ${manifest.version} describes another service than ` +
  'src/protocol. Lines with - are the SDK, lines with + are src/protocol. Read what the types in ' +
  'its dist-types say about the change; then change operations/, fields.ts and errors.ts, and what ' +
  'follows from them in the emulator, the AWS front, src/aws/failure-table.ts and docs/reference/emulator.md.\n'

type SdkSchema = readonly unknown[]
type Shape = { [name: string]: string | [string, Shape] }

const sdkTypes = new Map<unknown, string>([
  [0, 'string'],
  [1, 'integer'],
  [2, 'boolean'],
  [4, 'timestamp'],
])

/** The trait that makes an SDK fill in a random value, as a number that a schema carries. */
const idempotencyToken = 4

/** Names, types and required members of an SDK schema: `[3, namespace, name, traits, names, types, required]`. */
function shapeOfSdk(schema: unknown): Shape {
  const [, , , , names, types, required = 0] = schema as SdkSchema
  const entries = (names as string[]).map((name, index) => {
    const mark = index < Number(required) ? `${name}!` : name
    return [mark, typeOfSdk((types as unknown[])[index])] as const
  })
  return Object.fromEntries(entries)
}

function typeOfSdk(type: unknown): string | [string, Shape] {
  if (isPlainWithTraits(type)) {
    const token = Number(type[1]) & idempotencyToken ? ', filled in by SDKs' : ''
    return `${sdkTypes.get(type[0])}${token}`
  }
  const known = sdkTypes.get(type)
  if (known !== undefined) return known
  const schema = (typeof type === 'function' ? type() : type) as SdkSchema
  // Lists and structures that have traits are wrapped with them.
  if (typeof schema[0] === 'function') return typeOfSdk(schema[0])
  if (schema[0] === 1) return ['list', itemOfSdk(schema[4])]
  return ['structure', shapeOfSdk(schema)]
}

function isPlainWithTraits(type: unknown): type is SdkSchema {
  return Array.isArray(type) && type.length === 2 && sdkTypes.has(type[0])
}

function itemOfSdk(item: unknown): Shape {
  return shapeOfSdk(typeof item === 'function' ? item() : item)
}

/**
 * What AWS has had since October 2026 and this SDK does not know yet. The clients suite compares all
 * of src/protocol with the newest model of botocore. Remove a name here once the SDK has it.
 */
const notInSdkYet = [
  'UsageQuantityAsDecimal',
  'QuantityAsDecimal',
  'AllocatedUsageQuantityAsDecimal',
  'Metadata',
] as const
type NotInSdkYet = (typeof notInSdkYet)[number]
/** Required in this SDK, and no longer at AWS. */
const stillRequired: readonly string[] = ['AllocatedUsageQuantity']

function shapeOfOurs(members: Members): Shape {
  const known = Object.entries(members).filter(
    ([name]) => !(notInSdkYet as readonly string[]).includes(name),
  )
  const entries = known.map(([name, member]) => {
    const isRequired = member.required === true || stillRequired.includes(name)
    const mark = isRequired ? `${name}!` : name
    if (member.type === 'structure') return [mark, ['structure', shapeOfOurs(member.members)]]
    if (member.type === 'string' && member.idempotencyToken === true) {
      return [mark, 'string, filled in by SDKs']
    }
    if (member.type !== 'list') return [mark, member.type]
    const item = member.item.type === 'structure' ? member.item.members : {}
    return [mark, ['list', shapeOfOurs(item)]]
  })
  return Object.fromEntries(entries) as Shape
}

const schemas = sdk as unknown as Readonly<Record<string, unknown>>

function schemasOfKind(kind: number): SdkSchema[] {
  return Object.values(schemas).filter(
    (schema): schema is SdkSchema => Array.isArray(schema) && schema[0] === kind,
  )
}

/** What the SDK's own pages say that an operation throws. */
function documentedErrors(operation: OperationName): string[] {
  const path = `node_modules/@aws-sdk/client-marketplace-metering/dist-types/commands/${operation}Command.d.ts`
  return [...readFileSync(path, 'utf8').matchAll(/@throws \{@link (\w+)\}/g)]
    .map((match) => match[1] ?? '')
    .filter((error) => error !== 'MarketplaceMeteringServiceException')
}

/** The headers of a call as the SDK sends it. */
async function headersOfSdk(operation: OperationName): Promise<Record<string, string>> {
  const headers: Record<string, string> = {}
  const client = new sdk.MarketplaceMeteringClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret' },
    maxAttempts: 1,
    requestHandler: {
      handle: (request: { headers: Record<string, string> }) => {
        Object.assign(headers, request.headers)
        return Promise.reject(new Error('seen enough'))
      },
    },
  })
  const calls = {
    RegisterUsage: () => client.send(new sdk.RegisterUsageCommand({ ...anything })),
    MeterUsage: () => client.send(new sdk.MeterUsageCommand({ ...anything })),
    BatchMeterUsage: () => client.send(new sdk.BatchMeterUsageCommand({ UsageRecords: [] })),
    ResolveCustomer: () =>
      client.send(new sdk.ResolveCustomerCommand({ RegistrationToken: 'token' })),
  }
  await expect(calls[operation]()).rejects.toThrow('seen enough')
  return headers
}

const anything = {
  ProductCode: 'code',
  PublicKeyVersion: 1,
  Timestamp: new Date(0),
  UsageDimension: 'requests',
}

describe('the protocol equals that of the installed SDK', () => {
  test('the operations are the same', () => {
    const names = schemasOfKind(9).map((schema) => String(schema[2]))
    expect(operationNames.toSorted(), advice).toEqual(names.toSorted())
  })

  test.each(operationNames)('%s has the same members in and out', (name) => {
    const { input, output } = operations[name]
    expect(shapeOfOurs(input), advice).toEqual(shapeOfSdk(schemas[`${name}Request$`]))
    expect(shapeOfOurs(output), advice).toEqual(shapeOfSdk(schemas[`${name}Result$`]))
  })

  test.each(operationNames)('%s answers the same errors', (name) => {
    expect(operations[name].errors.toSorted(), advice).toEqual(documentedErrors(name).toSorted())
  })

  test.each(operationNames)('%s has the same headers and signature', async (name) => {
    const headers = await headersOfSdk(name)
    expect(parseTarget(headers['x-amz-target']), advice).toEqual({ ok: true, value: name })
    expect(contentType, advice).toBe(headers['content-type'])
    expect(parseCredentialScope(headers['authorization']), advice).toMatchObject({
      ok: true,
      value: { accessKeyId: 'AKIA', region: 'eu-west-1' },
    })
  })

  test('the errors and their HTTP statuses are the same, and each is a message alone', () => {
    const errors = schemasOfKind(-3).filter(
      (schema) => schema[2] !== 'MarketplaceMeteringServiceException',
    )
    const statuses = errors.map((schema) => {
      const traits = schema[3] as { error: string; httpError?: number }
      return [schema[2], traits.httpError ?? (traits.error === 'server' ? 500 : 400)]
    })
    expect(modelErrors, advice).toEqual(Object.fromEntries(statuses))
    for (const schema of errors) {
      expect({ message: 'string' }, advice).toEqual(shapeOfSdk(schema))
    }
  })

  test('the statuses of a record are the same', () => {
    expect(recordStatuses.toSorted(), advice).toEqual(
      Object.values(sdk.UsageRecordResultStatus).toSorted(),
    )
  })
})

describe('the protocol agrees with itself', () => {
  test('the types of inputs and outputs have the members of the SDK', () => {
    expectTypeOf<keyof InputOf<'RegisterUsage'>>().toEqualTypeOf<keyof sdk.RegisterUsageRequest>()
    expectTypeOf<Exclude<keyof InputOf<'MeterUsage'>, NotInSdkYet>>().toEqualTypeOf<
      keyof sdk.MeterUsageRequest
    >()
    expectTypeOf<keyof InputOf<'BatchMeterUsage'>>().toEqualTypeOf<
      keyof sdk.BatchMeterUsageRequest
    >()
    expectTypeOf<keyof InputOf<'ResolveCustomer'>>().toEqualTypeOf<
      keyof sdk.ResolveCustomerRequest
    >()
    expectTypeOf<Exclude<keyof UsageRecord, NotInSdkYet>>().toEqualTypeOf<keyof sdk.UsageRecord>()
    expectTypeOf<Exclude<keyof UsageAllocation, NotInSdkYet>>().toEqualTypeOf<
      keyof sdk.UsageAllocation
    >()
    expectTypeOf<keyof RegisterUsageOutput>().toEqualTypeOf<keyof sdk.RegisterUsageResult>()
    expectTypeOf<keyof MeterUsageOutput>().toEqualTypeOf<keyof sdk.MeterUsageResult>()
    expectTypeOf<keyof BatchMeterUsageOutput>().toEqualTypeOf<keyof sdk.BatchMeterUsageResult>()
    expectTypeOf<Exclude<keyof ResolveCustomerOutput, NotInSdkYet>>().toEqualTypeOf<
      keyof sdk.ResolveCustomerResult
    >()
  })

  test('an error of the model is not a general one, and every one belongs to an operation', () => {
    const names = Object.keys(modelErrors)
    expect(names.filter((name) => name in generalErrors)).toEqual([])
    const used = new Set<string>(operationNames.flatMap((name) => operations[name].errors))
    expect(names.filter((name) => !used.has(name))).toEqual([])
  })
})
