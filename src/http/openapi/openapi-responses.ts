import { problemTable, type ProblemCode } from '../../kernel/problems/problem-table.ts'
import type { JsonSchema } from '../../kernel/schema/schema.ts'
import { problemOf } from '../listener/problem.ts'

export interface OpenApiResponse {
  readonly description: string
  readonly headers?: JsonSchema
  readonly content?: Readonly<Record<string, JsonSchema>>
}
export type OpenApiResponses = Readonly<Record<string, OpenApiResponse>>

/** The codes that may answer any request, in addition to those of its route. */
export const commonCodes = [
  'Unauthorized',
  'ForeignHost',
  'ForwardedRequest',
  'RequestTimeout',
  'HeadersTooLarge',
  'InternalError',
  'ShuttingDown',
] as const satisfies readonly ProblemCode[]

/** The codes of a body that no route asked for: it is read before the route is. */
export const needlessBodyCodes = [
  'InvalidJson',
  'InvalidRequest',
  'BodyTooLarge',
  'UnsupportedMediaType',
] as const satisfies readonly ProblemCode[]

/** The codes of requests that match no route of this document, and of the AWS front, which has AWS's errors. */
const routelessCodes: ReadonlySet<string> = new Set([
  'NotFound',
  'MethodNotAllowed',
  'RecordExists',
  'CustomerNamesUnclear',
])
const codesOfRoutes = (Object.keys(problemTable) as ProblemCode[]).filter(
  (code) => !routelessCodes.has(code),
)

/**
 * Combines a route's own answers with a problem for each status, which has a closed list of codes. Any body
 * that must be JSON can have a number of too many digits.
 */
export function responsesOf(
  own: OpenApiResponses,
  codes: readonly ProblemCode[],
): OpenApiResponses {
  const isJson = codes.includes('InvalidJson') && !codes.includes('QuantityTooPrecise')
  const all: readonly ProblemCode[] = isJson ? [...codes, 'QuantityTooPrecise'] : codes
  const byStatus = Map.groupBy(new Set(all), (code) => problemTable[code].status)
  const responses: Record<string, OpenApiResponse> = { ...own }
  for (const [status, some] of byStatus) {
    const problem = problemResponse(some)
    const answer = responses[status]
    responses[status] =
      answer === undefined
        ? problem
        : {
            description: `${answer.description} Or: ${problem.description}`,
            headers: { ...problem.headers, ...answer.headers },
            content: { ...answer.content, ...problem.content },
          }
  }
  return responses
}

const retryAfter = {
  'Retry-After': {
    description: 'How many seconds to wait before the same request can succeed.',
    required: true,
    schema: { type: 'integer', minimum: 1 },
  },
}
const authenticate = {
  'WWW-Authenticate': {
    description: 'How to authenticate.',
    required: true,
    schema: { type: 'string', const: 'Bearer' },
  },
}

function headersOf(status: number): Pick<OpenApiResponse, 'headers'> {
  if (status === 401) return { headers: authenticate }
  return status === 429 || status === 503 ? { headers: retryAfter } : {}
}

function problemResponse(codes: readonly ProblemCode[]): OpenApiResponse {
  const [first] = codes
  if (first === undefined) throw new TypeError('a problem has a code')
  const { status } = problemTable[first]
  return {
    description: codes.map((code) => `${problemTable[code].title} (${code}).`).join(' '),
    ...headersOf(status),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            { $ref: '#/components/schemas/Problem' },
            {
              type: 'object',
              properties: {
                status: { type: 'integer', const: status },
                code: { type: 'string', enum: codes },
              },
            },
          ],
        },
        examples: Object.fromEntries(
          codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]),
        ),
      },
    },
  }
}

/** An example of every problem that a route of this document has. */
export const problemExamples: JsonSchema = Object.fromEntries(
  codesOfRoutes.map((code) => [
    code,
    { value: problemOf(code, `${problemTable[code].title}: what was wrong, and what to do.`) },
  ]),
)
