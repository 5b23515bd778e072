import { expect, test } from 'vitest'
import { exitCodes } from '../../src/cli/exit-codes.ts'
import { entitlementStates } from '../../src/entitlement/transitions.ts'
import { readPage, tableOf } from './page.ts'

const page = readPage('operate/operations.md')

test('the page has the exit codes of the program', () => {
  const listed = tableOf(page, 'exit code').map(([code]) => Number(code))
  expect(listed).toEqual(Object.values(exitCodes))
})

test('the page says what each state of the entitlement means', () => {
  const listed = tableOf(page, '`state`').flatMap(([states = '']) =>
    states.split(', ').map((state) => state.replaceAll('`', '')),
  )
  expect(listed.toSorted()).toEqual([...entitlementStates].toSorted())
})
