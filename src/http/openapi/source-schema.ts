import type { JsonSchema } from '../../kernel/schema/schema.ts'
import type { SourceAnswer } from '../routes/answers.ts'

const text = { type: 'string' }
const time = { type: 'string', format: 'date-time' }

const properties = {
  name: text,
  dimensions: { type: 'array', items: text },
  lastHeardAt: { ...time, type: ['string', 'null'], description: 'When it last worked.' },
  lastFailure: {
    type: ['object', 'null'],
    description: 'Why it gave nothing, or not all, since then.',
    required: ['at', 'reason'],
    properties: { at: time, reason: text },
  },
} as const satisfies Record<keyof SourceAnswer, JsonSchema>

/** Where the usage of some dimensions comes from. */
export const sourceSchema = {
  type: 'object',
  description: 'Where the usage of some dimensions comes from.',
  required: Object.keys(properties),
  properties,
}
