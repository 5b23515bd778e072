import { expect, test } from 'vitest'
import { parseDecision } from '../../../src/http/routes/operator/parse-decision.ts'
import type { OperatorDesk } from '../../../src/http/routes/operator/operator-desk.ts'

test('the reason of a decision is written as every store keeps it', async () => {
  const reasons: string[] = []
  const desk = {
    voidRecord: (_id: number, reason: string) => {
      reasons.push(reason)
      return Promise.resolve({})
    },
  } as unknown as OperatorDesk
  for (const reason of [' a test ', 'half \ud83d', 'a\0b'])
    await parseDecision('void', { id: 1, reason, yes: true })(desk)
  expect(reasons).toEqual(['a test', 'half \ufffd', 'a\ufffdb'])
})
