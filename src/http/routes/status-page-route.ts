import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { statusPageMarkup, statusPageScript, statusPageStyle } from './status-page-text.ts'

export const statusPagePath = '/'

/** Lets the page run its own script and call this listener, and nothing else. */
const contentSecurityPolicy = [
  "default-src 'none'",
  `script-src '${hashOf(statusPageScript)}'`,
  `style-src '${hashOf(statusPageStyle)}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * `GET /`: the status page, one document that holds no data. Its script reads `/v1/entitlement` and
 * `/v1/usage`, with the token that the operator types where one is required.
 */
export function statusPageRoute(app: FastifyInstance): void {
  const page = Buffer.from(
    statusPageMarkup
      .replace('<style></style>', () => `<style>${statusPageStyle}</style>`)
      .replace('></script>', () => `>${statusPageScript}</script>`),
  )
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-length': page.byteLength,
    'cache-control': 'no-store',
    'content-security-policy': contentSecurityPolicy,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  }
  app.get(statusPagePath, (_request, reply) => reply.headers(headers).send(page))
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
