import type { ProblemCode } from '../../kernel/problems/problem-table.ts'
import {
  operatorActions,
  operatorActionTable,
  type OperatorAction,
} from '../../metering/record/operator-table.ts'
import type { UndecidedAnswer } from '../routes/operator/operator-answers.ts'
import { operatorPath, operatorRecordsPath } from '../routes/operator/operator-route.ts'
import { longestReason } from '../routes/operator/parse-decision.ts'
import { usageExample } from './openapi-examples.ts'
import { json, type OpenApiOperation } from './openapi-operation.ts'
import { commonCodes, responsesOf } from './openapi-responses.ts'
import { ref } from './openapi-schemas.ts'

/** Not the application's token, and never none. */
const security = [{ operatorToken: [] }]

const [refused] = usageExample.pending
const undecidedExample: UndecidedAnswer = {
  now: usageExample.now,
  open: usageExample.open,
  held: usageExample.held,
  records: usageExample.pending.map((record) => ({
    ...record,
    mayBeBilled: false,
    decisions: ['retry', 'reopen', 'void'],
  })),
}

const getUndecided: OpenApiOperation = {
  operationId: 'getUndecided',
  summary: 'What an operator can decide about',
  tags: ['operators'],
  security,
  responses: responsesOf(
    { 200: json('Usage and records.', ref('Undecided'), { undecided: undecidedExample }) },
    ['OperatorRoutesClosed', 'DatabaseUnavailable', 'PlatformUnknown', ...commonCodes],
  ),
}

const id = { type: 'integer', minimum: 1 }
const byId = { type: 'object', required: ['id'], additionalProperties: false }
const yes = { const: true }

function bodyOf(action: OperatorAction) {
  if (!operatorActionTable[action].final)
    return { schema: { ...byId, properties: { id, yes } }, example: { id: 2 } }
  if (action !== 'void')
    return {
      schema: {
        ...byId,
        required: ['id', 'yes'],
        properties: action === 'resolve-resend' ? { id, force: { const: true }, yes } : { id, yes },
      },
      example: { id: 2, yes: true },
    }
  const properties = {
    id,
    reason: { type: 'string', minLength: 1, maxLength: longestReason },
    dimension: { type: 'string' },
    quantity: { type: ['number', 'string'] },
    tags: { type: 'object', additionalProperties: { type: 'string' } },
    customer: { type: 'string' },
    yes,
  }
  return {
    schema: {
      type: 'object',
      required: ['reason', 'yes'],
      additionalProperties: false,
      properties,
    },
    example: { id: 2, reason: 'loop in release 7', yes: true },
  }
}

const ownCodes: Readonly<Record<OperatorAction, readonly ProblemCode[]>> = {
  retry: ['RecordNotFound', 'RecordStateMismatch'],
  reopen: ['RecordNotFound', 'RecordStateMismatch', 'UnknownDimension'],
  release: ['HeldNotFound', 'UnknownDimension'],
  'resolve-delivered': ['RecordNotFound', 'RecordStateMismatch', 'OperatorNotAllowed'],
  'resolve-resend': ['RecordNotFound', 'RecordStateMismatch', 'RecordWindowOpen'],
  void: ['RecordNotFound', 'RecordStateMismatch', 'UsageNotFound', 'OperatorNotAllowed'],
}

function decide(action: OperatorAction): OpenApiOperation {
  const { schema, example } = bodyOf(action)
  const record = action === 'release' ? null : (refused ?? null)
  return {
    operationId: action.replace(/-(\w)/, (_, letter: string) => letter.toUpperCase()),
    summary: `Decides: ${operatorActionTable[action].does}`,
    tags: ['operators'],
    security,
    requestBody: {
      required: true,
      content: { 'application/json': { schema, examples: { decision: { value: example } } } },
    },
    responses: responsesOf(
      {
        200: json('Decided.', ref('Decided'), {
          decided: { action, record, billedWith: null },
        }),
      },
      [
        ...ownCodes[action],
        'OperatorRoutesClosed',
        'InvalidJson',
        'InvalidRequest',
        'BodyTooLarge',
        'UnsupportedMediaType',
        'LedgerBusy',
        'LedgerFailed',
        'LedgerFull',
        'LedgerNotWritable',
        'LedgerOpening',
        'DatabaseUnavailable',
        'DatabaseNotUsable',
        'DatabaseOutcomeUnknown',
        'PlatformUnknown',
        ...commonCodes,
      ],
    ),
  }
}

/** The routes of operators. */
export const operatorPaths = {
  [operatorRecordsPath]: { get: getUndecided },
  ...Object.fromEntries(
    operatorActions.map((action) => [operatorPath(action), { post: decide(action) }]),
  ),
}
