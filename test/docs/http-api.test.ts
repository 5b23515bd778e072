import { expect, test } from 'vitest'
import { problemTable } from '../../src/kernel/problems/problem-table.ts'
import { reportSchema } from '../../src/sources/json/parse-usage.ts'
import { createIdleAppServer, createIdleOpsServer } from '../support/sidecar/http-servers.ts'
import { routesOf } from '../support/sidecar/routes-of.ts'
import { readPage, tableOf } from './page.ts'

const page = readPage('reference/http-api.md')
const members = (heading: string) =>
  tableOf(page, heading).flatMap(([names = '']) => names.replaceAll('`', '').split(', '))

test.each([
  ['application', createIdleAppServer()],
  ['operation', createIdleOpsServer()],
])('the page has the routes of the listener for the %s, and no other', async (name, app) => {
  const rows = tableOf(page, 'Listener').filter(([listener]) => listener === name)
  const routes = await routesOf(app)
  expect(rows).toHaveLength(routes.length)
  expect(new Set(rows.map(([, route]) => route))).toEqual(new Set(routes))
})

test('every status on the page is one that the listeners have', () => {
  const known = new Set<number>([200, ...Object.values(problemTable).map(({ status }) => status)])
  const named = tableOf(page, 'Listener').flatMap(([, , statuses = '']) =>
    (statuses.match(/\d{3}/g) ?? []).map(Number),
  )
  expect(named.filter((status) => !known.has(status))).toEqual([])
})

test('every route has a section, except those of operation', () => {
  const rows = tableOf(page, 'Listener').filter(([listener]) => listener === 'application')
  for (const [, route] of rows) expect(page).toContain(`\n## ${route}\n`)
})

test('the page has the members of the answer about the entitlement', async () => {
  const answer = await createIdleAppServer().inject('/v1/entitlement')
  expect(members('Member')).toEqual(Object.keys(answer.json()))
})

test('the page has the members of a proof', async () => {
  const value = { signature: 'token', publicKeyRotationAt: undefined }
  const tokenFor = () => Promise.resolve({ ok: true as const, value })
  const proof = { tokens: { tokenFor }, productCode: 'product', publicKeyVersion: 1 }
  const app = createIdleAppServer({ proof })
  const answer = await app.inject('/v1/entitlement/proof?nonce=0123456789abcdef')
  expect(members('Member of the proof')).toEqual(Object.keys(answer.json()))
})

test('the page has the members of a report', () => {
  expect(members('Member of a report')).toEqual(Object.keys(reportSchema.properties))
})

test('the page has the members of the summary', async () => {
  const answer = await createIdleAppServer().inject('/v1/usage')
  expect(members('Member of the summary')).toEqual(Object.keys(answer.json()))
})

test('the page has the members of the answer to a report', async () => {
  const report = () => Promise.resolve([{ result: 'accepted' as const, hour: 0, late: false }])
  const app = createIdleAppServer({}, report)
  const payload = { dimension: 'requests', quantity: 1 }
  const answer = await app.inject({ method: 'POST', url: '/v1/usage', payload })
  // Only a late reading has the last one.
  const always = members('Member of the answer').filter((name) => name !== 'counted')
  expect(always).toEqual(Object.keys(answer.json()))
})
