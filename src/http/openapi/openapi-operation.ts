import type { JsonSchema } from '../../kernel/schema/schema.ts'
import type { OpenApiResponse, OpenApiResponses } from './openapi-responses.ts'

export interface OpenApiOperation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly security?: readonly JsonSchema[]
  readonly parameters?: readonly JsonSchema[]
  readonly requestBody?: JsonSchema
  readonly responses: OpenApiResponses
}

/** An answer in JSON with examples, by name. */
export function json(
  description: string,
  schema: JsonSchema,
  examples: JsonSchema,
): OpenApiResponse {
  const values = Object.entries(examples).map(([name, value]) => [name, { value }] as const)
  return {
    description,
    content: { 'application/json': { schema, examples: Object.fromEntries(values) } },
  }
}
