import type { SourceAnswer } from '../routes/answers.ts'
import { answer, text, time, timeOrNull } from './schema-parts.ts'

/** Where the usage of some dimensions comes from. */
export const sourceSchema = answer<SourceAnswer>('Where the usage of some dimensions comes from.', {
  name: text,
  dimensions: { type: 'array', items: text },
  lastHeardAt: { ...timeOrNull, description: 'When it last worked.' },
  lastFailure: {
    ...answer('Why it gave nothing, or not all, since then.', { at: time, reason: text }),
    type: ['object', 'null'],
  },
})
