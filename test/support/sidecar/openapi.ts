import fastify, { type FastifyInstance } from 'fastify'
import { openApiDocument } from '../../../src/http/openapi/openapi.ts'

interface MediaType {
  readonly schema: object
  readonly examples?: Readonly<Record<string, { readonly value?: unknown }>>
}
export interface DocumentedResponse {
  readonly content?: Readonly<Record<string, MediaType>>
  readonly headers?: Readonly<Record<string, unknown>>
}
export interface DocumentedOperation {
  readonly operationId: string
  readonly security?: readonly object[]
  readonly requestBody?: DocumentedResponse
  readonly responses: Readonly<Record<string, DocumentedResponse>>
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}
interface Schema {
  readonly properties?: Readonly<Record<string, object>>
}

/** The document as sent, with its references resolved. */
export const documented = resolve(JSON.parse(JSON.stringify(openApiDocument('1.2.3')))) as OpenApi

/** `GET /path` to the operation. */
export const operations: ReadonlyMap<string, DocumentedOperation> = new Map(
  Object.entries(documented.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, each]) => [`${method.toUpperCase()} ${path}`, each]),
  ),
)

/** The members that the document gives to a schema. */
export function membersOf(name: string): string[] {
  return Object.keys(documented.components.schemas[name]?.properties ?? {})
}

/** The codes that a response of the document may have. */
export function codesOf(response: DocumentedResponse | undefined): string[] {
  const { schema } = response?.content?.['application/problem+json'] ?? {}
  const [, own] =
    (schema as { allOf?: { properties: { code: { enum: string[] } } }[] })?.allOf ?? []
  return own?.properties.code.enum ?? []
}

function resolve(root: unknown): unknown {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value !== 'object' || value === null) return value
    if ('$ref' in value) return walk(lookUp(String(value.$ref)))
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, walk(each)]))
  }
  const lookUp = (reference: string) =>
    reference
      .split('/')
      .slice(1)
      .reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], root)
  return walk(root)
}

/**
 * Returns what is wrong with `value` according to a schema of the document, or undefined. Unlike the document, `strict`
 * accepts no member that the schema does not name. Fastify brings the validator.
 */
export async function mistakeIn(
  value: unknown,
  schema: object,
  strict: 'strict' | 'open' = 'strict',
): Promise<string | undefined> {
  const answer = await validatorOf(schema, strict).inject({
    method: 'POST',
    url: '/',
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify({ value }),
  })
  return answer.statusCode === 200 ? undefined : answer.body
}

const validators = {
  strict: new WeakMap<object, FastifyInstance>(),
  open: new WeakMap<object, FastifyInstance>(),
}

/** Compiling a schema takes long, and most are asked about many values. */
function validatorOf(schema: object, strict: 'strict' | 'open'): FastifyInstance {
  const known = validators[strict].get(schema)
  if (known !== undefined) return known
  const customOptions = {
    coerceTypes: false,
    removeAdditional: false,
    useDefaults: false,
    strict: false,
  } as const
  const app = fastify({ ajv: { customOptions } })
  const body = {
    type: 'object',
    required: ['value'],
    properties: { value: strict === 'strict' ? closed(schema) : schema },
  }
  app.post('/', { schema: { body } }, () => 'fine')
  validators[strict].set(schema, app)
  return app
}

/** The schema with no room for members that it does not name, unless they come in two halves. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null || 'allOf' in schema) return schema
  const each = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, closed(value)]),
  )
  const takesMore = !('properties' in each) || 'additionalProperties' in each
  const isObject = each['type'] === 'object' || Array.isArray(each['type'])
  return takesMore || !isObject ? each : { ...each, additionalProperties: false }
}
