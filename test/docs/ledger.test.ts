import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { operatorActionTable } from '../../src/metering/record/operator-table.ts'
import { heldReasons } from '../../src/metering/held.ts'
import { readPage, tableOf } from './page.ts'

const page = readPage('operate/ledger.md')

test('the page has every action of operators, with what it is of and whether it can be undone', () => {
  const rows = tableOf(page, 'Action').map(([action = '', of = '', , undone]) => ({
    action: action.replaceAll('`', '').replace(' --', '-'),
    of,
    final: undone === 'no',
  }))
  const actions = Object.entries(operatorActionTable)
  expect(rows.map(({ action, final }) => ({ action, final }))).toEqual(
    actions.map(([action, { final }]) => ({ action, final })),
  )
  for (const [index, [, { from }]] of actions.entries())
    for (const place of from) expect(rows[index]?.of).toContain(place)
})

test('the page has every reason for which usage is held', () => {
  const listed = tableOf(page, 'Reason').map(([reason = '']) => reason.replaceAll('`', ''))
  expect(listed).toEqual(heldReasons)
})

test('the README names every place that the audit adds up', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [places] = /reported = [a-z +]+ \+ void/.exec(page) ?? []
  expect(places).toBeDefined()
  expect(readme).toContain(places)
})
