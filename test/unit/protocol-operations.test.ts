import { readFileSync } from 'node:fs'
import * as sdk from '@aws-sdk/client-marketplace-metering'
import { describe, expect, test } from 'vitest'
import { modelErrors } from '../../src/protocol/errors.ts'
import { operationNames, operations, type Members } from '../../src/protocol/operations.ts'

type SdkSchema = readonly unknown[]
type Shape = { [name: string]: string | [string, Shape] }

const sdkTypes = new Map<unknown, string>([
  [0, 'string'],
  [1, 'integer'],
  [2, 'boolean'],
  [4, 'timestamp'],
])

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
  const plain = Array.isArray(type) && typeof type[0] === 'number' ? type[0] : type
  const known = sdkTypes.get(plain)
  if (known !== undefined) return known
  const schema = (typeof type === 'function' ? type() : type) as SdkSchema
  // Lists and structures that have traits are wrapped with them.
  if (typeof schema[0] === 'function') return typeOfSdk(schema[0])
  if (schema[0] === 1) return ['list', itemOfSdk(schema[4])]
  return ['structure', shapeOfSdk(schema)]
}

function itemOfSdk(item: unknown): Shape {
  return shapeOfSdk(typeof item === 'function' ? item() : item)
}

function shapeOfOurs(members: Members): Shape {
  const entries = Object.entries(members).map(([name, member]) => {
    const mark = member.required === true ? `${name}!` : name
    if (member.type === 'structure') return [mark, ['structure', shapeOfOurs(member.members)]]
    if (member.type !== 'list') return [mark, member.type]
    const item = member.item.type === 'structure' ? member.item.members : {}
    return [mark, ['list', shapeOfOurs(item)]]
  })
  return Object.fromEntries(entries) as Shape
}

const schemas = sdk as unknown as Readonly<Record<string, unknown>>

describe('the protocol is that of the installed SDK', () => {
  test('the operations are the same', () => {
    const names = Object.values(schemas)
      .filter((schema): schema is SdkSchema => Array.isArray(schema) && schema[0] === 9)
      .map((schema) => schema[2])
    expect(new Set(names)).toEqual(new Set(operationNames))
  })

  test.each(operationNames)('%s has the same members in and out', (name) => {
    expect(shapeOfOurs(operations[name].input)).toEqual(shapeOfSdk(schemas[`${name}Request$`]))
    expect(shapeOfOurs(operations[name].output)).toEqual(shapeOfSdk(schemas[`${name}Result$`]))
  })

  test.each(operationNames)('%s answers the same errors', (name) => {
    const path = `node_modules/@aws-sdk/client-marketplace-metering/dist-types/commands/${name}Command.d.ts`
    const documented = [...readFileSync(path, 'utf8').matchAll(/@throws \{@link (\w+)\}/g)]
      .map((match) => match[1])
      .filter((error) => error !== 'MarketplaceMeteringServiceException')
    expect(new Set<string | undefined>(operations[name].errors)).toEqual(new Set(documented))
  })

  test('the errors and their HTTP statuses are the same', () => {
    const errors = Object.values(schemas)
      .filter((schema): schema is SdkSchema => Array.isArray(schema) && schema[0] === -3)
      .filter((schema) => schema[2] !== 'MarketplaceMeteringServiceException')
      .map((schema) => {
        const traits = schema[3] as { error: string; httpError?: number }
        return [schema[2], traits.httpError ?? (traits.error === 'server' ? 500 : 400)]
      })
    expect(modelErrors).toEqual(Object.fromEntries(errors))
  })

  test('only ClientToken is filled in by SDKs', () => {
    const tokens = operationNames.flatMap((name) =>
      Object.entries(operations[name].input)
        .filter(([, member]) => member.type === 'string' && member.idempotencyToken === true)
        .map(([member]) => `${name}.${member}`),
    )
    expect(tokens).toEqual(['MeterUsage.ClientToken'])
  })
})
