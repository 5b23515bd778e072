import { expect, test } from 'vitest'
import {
  caseRoutes,
  casePlatforms,
  entitlementCases,
} from '../support/entitlement/entitlement-cases.ts'
import {
  entitlementEvents,
  entitlementStates,
  phases,
  transitions,
} from '../../src/entitlement/transitions.ts'
import { routeNames } from '../../src/product/routes.ts'
import { readPage, tableOf } from './page.ts'

const page = readPage('explain/entitlement.md')
const bare = (cell = '') => cell.replaceAll('`', '')
const rowsOf = (heading: string) => tableOf(page, heading).map((row) => row.map(bare))
const named = (some: readonly string[], all: readonly string[]) =>
  some.length === all.length ? 'any' : some.join(', ')

test('the page has every transition of the state machine, and no other', () => {
  expect(rowsOf('Event')).toEqual(
    entitlementEvents.map((event) => [
      event,
      ...phases.map((phase) => transitions[phase][event] ?? ''),
    ]),
  )
  const [heading] = /^\| Event \|.*$/m.exec(page) ?? []
  expect(bare(heading)).toBe(`| Event | ${phases.join(' | ')} |`)
})

test('the page has every state', () => {
  expect(rowsOf('State').map(([state]) => state)).toEqual(
    expect.arrayContaining([...entitlementStates]),
  )
  expect(rowsOf('State')).toHaveLength(entitlementStates.length)
})

test('the page has every route', () => {
  expect(rowsOf('Route').map(([route]) => route)).toEqual([...routeNames])
})

test('the page has every answer of AWS with its outcome, and no other', () => {
  expect(rowsOf('AWS')).toEqual(
    entitlementCases.map(
      ({ answer, platforms, routes: on, status, code, state, again, outcome }) => [
        answer,
        named(platforms, casePlatforms),
        named(on, caseRoutes),
        `${status}`,
        code,
        state,
        again,
        outcome,
      ],
    ),
  )
})
