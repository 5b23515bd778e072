import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rawRequest } from '../../support/sidecar/raw-request.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'

const token = '0123456789abcdef0123456789abcdef'

let harness: SidecarHarness
let withToken: SidecarHarness
beforeAll(async () => {
  harness = await startHarness()
  const files = { '/token': token }
  withToken = await startHarness({ settings: { SIDECAR_API_TOKEN_FILE: '/token' }, files })
})
afterAll(() => Promise.all([harness.close(), withToken.close()]))

const send = (
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  to: SidecarHarness = harness,
) => rawRequest({ port: to.sidecar.appPort, method, path, headers, body: '' })
const page = async () => fetch(`http://127.0.0.1:${harness.sidecar.appPort}/`)
const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

describe('the status page', () => {
  test('lets the browser do nothing but run its script and ask this listener', async () => {
    const { headers, status } = await page()
    expect(status).toBe(200)
    const policy = headers.get('content-security-policy') ?? ''
    const names = policy.split('; ').map((directive) => directive.replace(/'sha256-[^']+'/, '#'))
    expect(names).toEqual([
      "default-src 'none'",
      'script-src #',
      'style-src #',
      "connect-src 'self'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
    })
  })

  test('has the one script and the one style that the policy names', async () => {
    const answer = await page()
    const text = await answer.text()
    const policy = answer.headers.get('content-security-policy') ?? ''
    const scripts = [...text.matchAll(/<script[^>]*>(.*?)<\/script>/gs)].map(
      ([, body = '']) => body,
    )
    const styles = [...text.matchAll(/<style[^>]*>(.*?)<\/style>/gs)].map(([, body = '']) => body)
    expect(policy).toContain(`script-src ${scripts.map(hashOf).join(' ')};`)
    expect(policy).toContain(`style-src ${styles.map(hashOf).join(' ')};`)
    expect([scripts.length, styles.length]).toEqual([1, 1])
    expect(text).not.toMatch(/ (style|on[a-z]+)=/)
  })

  test('names no other host, and makes no markup out of text', async () => {
    const text = await (await page()).text()
    expect(text).not.toMatch(/(https?:)?\/\/[a-z]/i)
    expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/)
  })

  test('is well-formed: every element that opens is closed, and no id appears twice', async () => {
    const markup = (await (await page()).text()).replace(
      /(<(script|style)[^>]*>).*?(<\/\2>)/gs,
      '$1$3',
    )
    const open: string[] = []
    const misplaced: string[] = []
    for (const [tag, end, name = '', empty] of markup.matchAll(
      /<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g,
    ))
      if (end === '' && empty === '') open.push(name)
      else if (end === '/' && open.pop() !== name) misplaced.push(tag)
    expect({ open, misplaced }).toEqual({ open: [], misplaced: [] })
    const ids = [...markup.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(markup).toMatch(/^<!doctype html>\n<html lang="en">/)
  })

  test('can be requested by HEAD, without its text', async () => {
    const { status, headers, text } = await send('HEAD', '/')
    expect([status, text]).toEqual([200, ''])
    expect(headers['content-security-policy']).toContain("default-src 'none'")
  })

  test('shares its path with the AWS protocol, which uses POST', async () => {
    const { status, text } = await send('POST', '/')
    expect([status, JSON.parse(text)]).toMatchObject([400, { __type: 'UnknownOperationException' }])
    const { headers, status: refused } = await send('PUT', '/')
    expect([refused, headers['allow']]).toEqual([405, 'GET, POST'])
  })
})

describe.each(['/', '/openapi.json'])('%s', (path) => {
  test('is not for other hosts, and not for proxies', async () => {
    expect((await send('GET', path, { host: 'sidecar.example.com' })).status).toBe(403)
    expect((await send('GET', path, { 'x-forwarded-for': '10.0.0.1' })).status).toBe(403)
    expect((await send('GET', path, { origin: 'http://example.com' })).status).toBe(403)
  })

  test('needs no token, which everything else still does', async () => {
    for (const method of ['GET', 'HEAD'])
      expect((await send(method, path, {}, withToken)).status, method).toBe(200)
    expect((await send('GET', `${path}?token`, {}, withToken)).status).toBe(200)
    for (const other of ['/v1/usage', '/v1/entitlement', '/nothing'])
      expect((await send('GET', other, {}, withToken)).status, other).toBe(401)
    const { status, text } = await send('POST', '/', {}, withToken)
    expect([status, text]).toEqual([400, expect.stringContaining('AccessDeniedException')])
    expect((await send('PUT', path, {}, withToken)).status).toBe(401)
  })
})

test('the data of the page needs the token, and comes with it', async () => {
  const authorization = `Bearer ${token}`
  expect((await send('GET', '/v1/usage', { authorization }, withToken)).status).toBe(200)
})
