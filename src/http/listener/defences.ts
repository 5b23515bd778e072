import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { SidecarError } from '../../kernel/errors.ts'

const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i
/** What a proxy adds. A request that came through one did not come from the application on this machine. */
const forwardingHeaders = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-forwarded-prefix',
  'x-original-forwarded-for',
  'x-original-host',
  'x-original-url',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-external-address',
  'true-client-ip',
  'cf-connecting-ip',
] as const

/** Throws ForeignHost for a request that names another host in its first line, as a proxy's do. */
export function checkTarget(url: string): void {
  if (url.startsWith('/') || url === '*') return
  if (URL.canParse(url) && loopbackHost.test(new URL(url).host)) return
  throw new SidecarError('ForeignHost', 'The first line of the request names another host.')
}

/** Throws ForeignHost or ForwardedRequest unless a request comes directly from this machine. */
export function checkOrigin(headers: IncomingHttpHeaders): void {
  if (!loopbackHost.test(headers.host ?? ''))
    throw new SidecarError(
      'ForeignHost',
      'Only requests to localhost, 127.0.0.1 or [::1] are served. This keeps out web pages whose own name resolves to this machine.',
    )
  if (headers.origin !== undefined && !isLoopbackOrigin(headers.origin))
    throw new SidecarError('ForeignHost', 'Requests from web pages of other hosts are not served.')
  if (headers['sec-fetch-site'] === 'cross-site')
    throw new SidecarError('ForeignHost', 'Requests from web pages of other hosts are not served.')
  const forwarding = forwardingHeaders.find((name) => headers[name] !== undefined)
  if (forwarding !== undefined)
    throw new SidecarError(
      'ForwardedRequest',
      `The header ${forwarding} shows that a proxy forwarded the request. The sidecar serves only the application next to it: call it directly.`,
    )
}

/**
 * Makes a check of the Authorization header against the token in the file that a setting names. It throws
 * Unauthorized.
 */
export function createTokenCheck(
  token: string,
  setting: 'SIDECAR_API_TOKEN_FILE' | 'SIDECAR_OPERATOR_TOKEN_FILE',
): (headers: IncomingHttpHeaders) => void {
  const expected = digest(token)
  return ({ authorization = '' }) => {
    // The name of the scheme is written in either case (RFC 9110, 11.1), and one space or more follow it.
    const [, given = ''] = /^bearer +([!-~]+)$/i.exec(authorization) ?? []
    if (!timingSafeEqual(digest(given), expected))
      throw new SidecarError(
        'Unauthorized',
        `Send "Authorization: Bearer <token>" with the token in the file that ${setting} names.`,
      )
  }
}

function isLoopbackOrigin(origin: string): boolean {
  const [, host] = /^https?:\/\/(.+)$/i.exec(origin) ?? []
  return host !== undefined && loopbackHost.test(host)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
