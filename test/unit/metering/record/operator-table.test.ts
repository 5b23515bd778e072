import { expect, test } from 'vitest'
import {
  operatorActions,
  operatorActionTable,
  type OperatorAction,
} from '../../../../src/metering/record/operator-table.ts'

const rows = operatorActions.map((action) => ({ action, ...operatorActionTable[action] }))

test('each action takes usage from the places where it waits for a person', () => {
  const from = new Map<OperatorAction, readonly string[]>(rows.map((row) => [row.action, row.from]))
  expect(Object.fromEntries(from)).toEqual({
    retry: ['refused'],
    reopen: ['refused'],
    release: ['held'],
    'resolve-delivered': ['unresolved'],
    'resolve-resend': ['unresolved'],
    void: ['refused', 'held', 'open'],
  })
})

test('an action is asked for once more exactly where nothing can take it back', () => {
  expect(rows.filter((row) => !row.final).map(({ action }) => action)).toEqual(['retry'])
  for (const { question, final } of rows)
    expect(question).toMatch(final ? /^(Its|It) \S.*\.$/ : /^$/)
})

test('the help says of each action what it does', () => {
  for (const { does } of rows) expect(does).toMatch(/^\S+ \S+ .*[^.]$/)
  expect(new Set(rows.map(({ does }) => does)).size).toBe(rows.length)
})
