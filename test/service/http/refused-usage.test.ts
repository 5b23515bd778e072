import { expect, test } from 'vitest'
import { Events } from '../../../src/kernel/events.ts'
import { createIdleAppServer } from '../../support/sidecar/http-servers.ts'

const json = { 'content-type': 'application/json' }
const token = 'a-token-of-the-application'
const authorized = { authorization: `Bearer ${token}` }

/** What those who watch are told of one request: the codes, and the dimensions. */
async function refusalsOf(payload: string, headers: Readonly<Record<string, string>>) {
  const events = new Events()
  const codes: string[] = []
  const dimensions: unknown[] = []
  events.on('usageRefused', ({ code, dimension }) => {
    codes.push(code)
    dimensions.push(dimension)
  })
  const app = createIdleAppServer({ events, apiToken: token })
  const answer = await app.inject({ method: 'POST', url: '/v1/usage', payload, headers })
  expect(answer.json()).toMatchObject({ code: codes[0] })
  return { codes, dimensions }
}

test.each([
  ['is not JSON', '{', json, 'InvalidJson'],
  ['is empty', '', json, 'InvalidJson'],
  [
    'has a number that would be rounded',
    '{"quantity":0.1234567890123456789}',
    json,
    'QuantityTooPrecise',
  ],
  [
    "has AWS's content type",
    '{"dimension":"requests","quantity":1}',
    { 'content-type': 'application/x-amz-json-1.1' },
    'UnsupportedMediaType',
  ],
  ['has another content type', '<usage/>', { 'content-type': 'text/xml' }, 'UnsupportedMediaType'],
  ['is too large', ' '.repeat(2000), json, 'BodyTooLarge'],
])('usage that %s is counted and logged as refused', async (_, payload, headers, code) => {
  const { codes } = await refusalsOf(payload, { ...headers, ...authorized })
  expect(codes).toEqual([code])
})

test('usage without the token, or from a web page, is counted and logged as refused', async () => {
  expect((await refusalsOf('{}', json)).codes).toEqual(['Unauthorized'])
  const origin = 'https://example.com'
  expect((await refusalsOf('{}', { ...json, origin })).codes).toEqual(['ForeignHost'])
})

test('a batch that is refused counts for the dimension of the report that is wrong', async () => {
  const right = { dimension: 'other', quantity: 1 }
  const wrong = { dimension: 'requests', quantity: -1 }
  const headers = { ...json, ...authorized }
  expect(await refusalsOf(JSON.stringify({ reports: [wrong, right] }), headers)).toEqual({
    codes: ['QuantityNegative'],
    dimensions: ['requests'],
  })
  expect((await refusalsOf('{"reports":[]}', headers)).dimensions).toEqual([undefined])
})
