import { expect, test } from 'vitest'
import { Events } from '../../../src/kernel/events.ts'
import { createIdleAppServer } from '../../support/sidecar/http-servers.ts'

const json = { 'content-type': 'application/json' }
const token = 'a-token-of-the-application'

/** What those who watch are told of one request. */
async function refusalsOf(payload: string, headers: Readonly<Record<string, string>>) {
  const events = new Events()
  const codes: string[] = []
  events.on('usageRefused', ({ code }) => codes.push(code))
  const app = createIdleAppServer({ events, apiToken: token })
  const answer = await app.inject({ method: 'POST', url: '/v1/usage', payload, headers })
  expect(answer.json()).toMatchObject({ code: codes[0] })
  return codes
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
  ['has another content type', '<usage/>', { 'content-type': 'text/xml' }, 'UnsupportedMediaType'],
  ['is too large', ' '.repeat(2000), json, 'BodyTooLarge'],
])('usage that %s is counted and logged as refused', async (_, payload, headers, code) => {
  expect(await refusalsOf(payload, { ...headers, authorization: `Bearer ${token}` })).toEqual([
    code,
  ])
})

test('usage without the token, or from a web page, is counted and logged as refused', async () => {
  expect(await refusalsOf('{}', json)).toEqual(['Unauthorized'])
  const origin = 'https://example.com'
  expect(await refusalsOf('{}', { ...json, origin })).toEqual(['ForeignHost'])
})
