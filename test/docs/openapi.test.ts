import { describe, expect, test } from 'vitest'
import { problemTable, type ProblemCode } from '../../src/kernel/problems/problem-table.ts'
import { createIdleAppServer } from '../support/sidecar/http-servers.ts'
import {
  codesOf,
  documented,
  membersOf,
  mistakeIn,
  operations,
} from '../support/sidecar/openapi.ts'
import { routesOf } from '../support/sidecar/routes-of.ts'
import { readPage, tableOf } from './page.ts'

const page = readPage('reference/http-api.md')
const members = (heading: string) =>
  tableOf(page, heading).flatMap(([names = '']) => names.replaceAll('`', '').split(', '))

/** The answers that any route may give, according to docs/reference/http-api.md. */
const common = [401, 403, 408, 431, 500, 503]

test('the document has the routes of the application’s listener, and no other', async () => {
  expect([...operations.keys()].toSorted()).toEqual(
    (await routesOf(createIdleAppServer())).toSorted(),
  )
})

test('the document has the version of the program that serves it', async () => {
  const answer = await createIdleAppServer({ version: '4.5.6' }).inject('/openapi.json')
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
  expect(answer.json()).toMatchObject({ openapi: '3.1.0', info: { version: '4.5.6' } })
})

test('each route has the statuses of its line in http-api.md', () => {
  const rows = tableOf(page, 'Listener').filter(
    ([listener, route]) => listener === 'application' && route !== 'POST /',
  )
  for (const [, route = '', statuses = ''] of rows) {
    const named = (statuses.match(/\d{3}/g) ?? []).map(Number)
    const operation = operations.get(route)
    const open = operation?.security?.length === 0
    const wanted = new Set([...named, ...common.filter((status) => !open || status !== 401)])
    expect(new Set(Object.keys(operation?.responses ?? {}).map(Number)), route).toEqual(wanted)
  }
})

test('every code of errors.md is on a route, except those for requests that match no route and those of the AWS front', () => {
  const listed = tableOf(readPage('reference/errors.md'), 'Code | Status').map(([code]) => code)
  const codes = [...operations.values()].flatMap(({ responses }) =>
    Object.values(responses).flatMap(codesOf),
  )
  const elsewhere = ['NotFound', 'MethodNotAllowed', 'RecordExists', 'CustomerNamesUnclear']
  expect(new Set([...codes, ...elsewhere])).toEqual(new Set(listed))
})

test('each code is in a response of its status', () => {
  for (const [route, { responses }] of operations)
    for (const [status, response] of Object.entries(responses))
      for (const code of codesOf(response))
        expect(problemTable[code as ProblemCode].status, `${route} ${code}`).toBe(Number(status))
})

test.each([
  ['Member', 'Entitlement'],
  ['Member of the proof', 'Proof'],
  ['Member of a report', 'Report'],
  ['Member of the answer', 'Receipt'],
  ['Member of the summary', 'Usage'],
  ['Member of a record', 'UsageRecord'],
])('the members under "%s" in http-api.md are those of the schema %s', (heading, schema) => {
  expect(new Set(membersOf(schema))).toEqual(new Set(members(heading)))
})

describe('an example', () => {
  const examples = [...operations].flatMap(([route, { requestBody, responses }]) =>
    [['request', requestBody] as const, ...Object.entries(responses)].flatMap(([where, part]) =>
      Object.entries(part?.content ?? {}).flatMap(([type, { schema, examples: some = {} }]) =>
        Object.entries(some).map(
          ([name, { value }]) => [`${route} ${where} ${type} ${name}`, value, schema] as const,
        ),
      ),
    ),
  )

  test('is there for most routes', () => {
    expect(examples.length).toBeGreaterThan(40)
  })

  test.each(examples)('matches its schema: %s', async (_, value, schema) => {
    expect(await mistakeIn(value, schema)).toBeUndefined()
  })

  test('that does not match is detected', async () => {
    const { Usage, Problem } = documented.components.schemas
    const [, usage] = examples.find(([name]) => name.endsWith(' usage')) ?? []
    for (const wrong of [{ now: 'today' }, { open: [{}] }, { more: 1 }, { nextSendAt: 7 }])
      expect(await mistakeIn({ ...(usage as object), ...wrong }, Usage ?? {})).toMatch(/value/)
    expect(await mistakeIn({ code: 'NoSuchCode' }, Problem ?? {})).toMatch(/value/)
  })

  test('of a report is accepted by the sidecar', async () => {
    const taken: unknown[] = []
    const report = (request: { reports: readonly unknown[] }) => {
      taken.push(...request.reports)
      return Promise.resolve(
        request.reports.map(() => ({ result: 'accepted' as const, hour: 0, late: false })),
      )
    }
    const app = createIdleAppServer({}, report)
    const requests = examples.filter(([name]) => name.startsWith('POST /v1/usage request'))
    for (const [name, value] of requests) {
      const payload = value as object
      const answer = await app.inject({ method: 'POST', url: '/v1/usage', payload })
      expect(answer.statusCode, name).toBe(200)
    }
    expect(taken).toHaveLength(3)
  })
})
