import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { clients, missingTools, pythonTools } from '../../scripts/tools/client-tools.ts'
import type { Member, Members } from '../../src/protocol/member-types.ts'
import { operationNames, operations } from '../../src/protocol/operations.ts'
import { modelErrors } from '../../src/protocol/service-errors.ts'

/** What a failure of this file means, and what to do. */
const advice =
  `botocore of boto3 ${clients.boto3.version} describes another service than src/protocol. Lines with - ` +
  'are botocore, lines with + are src/protocol. Change operations/, fields.ts and service-errors.ts, and ' +
  'what follows from them in the emulator and in the AWS front.\n'

interface Shape {
  readonly type: string
  readonly required?: readonly string[]
  readonly members?: Readonly<Record<string, Reference>>
  readonly member?: Reference
  readonly min?: number
  readonly max?: number
  readonly pattern?: string
  readonly enum?: readonly string[]
  readonly exception?: boolean
}

interface Reference {
  readonly shape: string
  readonly idempotencyToken?: boolean
}

interface Model {
  readonly operations: Readonly<
    Record<
      string,
      {
        readonly input: Reference
        readonly output: Reference
        readonly errors: readonly Reference[]
      }
    >
  >
  readonly shapes: Readonly<Record<string, Shape>>
}

async function readModel(): Promise<Model> {
  const library = join(await pythonTools(), 'lib')
  const [python = ''] = readdirSync(library)
  const path = 'site-packages/botocore/data/meteringmarketplace/2016-01-14/service-2.json.gz'
  return JSON.parse(gunzipSync(readFileSync(join(library, python, path))).toString()) as Model
}

const missing = await missingTools(clients.boto3)
const model = missing.length === 0 ? await readModel() : undefined

function newest(): Model {
  if (model === undefined) throw new Error('boto3 is not on this machine')
  return model
}

function operationOf(name: string) {
  const operation = newest().operations[name]
  if (operation === undefined) throw new Error(`the model does not have ${name}`)
  return operation
}

/** A shape as plain data: what a member is, its limits and whether it must be there. */
function describeTheirs({ shapes }: Model, reference: Reference, isRequired: boolean): unknown {
  const shape = shapes[reference.shape]
  if (shape === undefined) throw new Error(`the model does not have ${reference.shape}`)
  const { type, min, max, pattern, members, member, required = [] } = shape
  const common = { ...(isRequired && { required: true }), ...limits(min, max, pattern) }
  const theirs = (each: Reference, name?: string) =>
    describeTheirs({ shapes, operations: {} }, each, required.includes(name ?? ''))
  if (type === 'structure')
    return {
      ...common,
      members: Object.fromEntries(
        Object.entries(members ?? {}).map(([name, each]) => [name, theirs(each, name)]),
      ),
    }
  if (type === 'list' && member !== undefined) return { ...common, item: theirs(member) }
  return {
    ...common,
    type,
    ...(shape.enum !== undefined && { values: shape.enum.toSorted() }),
    ...(reference.idempotencyToken === true && { idempotencyToken: true }),
  }
}

function describeOurs(member: Member): unknown {
  const common = member.required === true && { required: true }
  switch (member.type) {
    case 'structure':
      return { ...common, members: describeMembers(member.members) }
    case 'list':
      return {
        ...common,
        ...limits(member.minItems, member.maxItems, undefined),
        item: describeOurs(member.item),
      }
    case 'string':
      return {
        ...common,
        ...limits(member.minLength, member.maxLength, member.pattern),
        type: 'string',
        ...(member.values && { values: member.values.toSorted() }),
        ...(member.idempotencyToken && { idempotencyToken: true }),
      }
    case 'integer':
      return { ...common, ...limits(member.min, member.max, undefined), type: 'integer' }
    default:
      return { ...common, type: member.type }
  }
}

function describeMembers(members: Members): object {
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [name, describeOurs(member)]),
  )
}

function limits(min: number | undefined, max: number | undefined, pattern: string | undefined) {
  return {
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(pattern !== undefined && { pattern }),
  }
}

test.skipIf(model === undefined)('the operations are those of the newest model', () => {
  expect(operationNames.toSorted(), advice).toEqual(Object.keys(model?.operations ?? {}).toSorted())
})

test.skipIf(model === undefined).each(operationNames)(
  '%s has the members and limits of the newest model, in and out',
  (name) => {
    const { input, output } = operationOf(name)
    const ours = operations[name]
    const described = (reference: Reference) => describeTheirs(newest(), reference, false)
    expect({ members: describeMembers(ours.input) }, advice).toEqual(described(input))
    expect({ members: describeMembers(ours.output) }, advice).toEqual(described(output))
  },
)

test.skipIf(model === undefined).each(operationNames)(
  '%s has the errors of the newest model',
  (name) => {
    const theirs = model?.operations[name]?.errors.map(({ shape }) => shape) ?? []
    expect(operations[name].errors.toSorted(), advice).toEqual(theirs.toSorted())
  },
)

test.skipIf(model === undefined)('every error is one of the newest model', () => {
  const errors = Object.entries(model?.shapes ?? {}).filter(([, { exception }]) => exception)
  expect(Object.keys(modelErrors).toSorted(), advice).toEqual(
    errors.map(([name]) => name).toSorted(),
  )
})
