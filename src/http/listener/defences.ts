import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { SidecarError } from '../../kernel/errors.ts'

const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i
/** What a proxy adds. A request that came through one did not come from the application beside us. */
const forwardingHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'] as const

/** Throws what is wrong with where a request came from. */
export function checkOrigin(headers: IncomingHttpHeaders): void {
  if (!loopbackHost.test(headers.host ?? ''))
    throw new SidecarError(
      'ForeignHost',
      'Only requests to localhost, 127.0.0.1 or [::1] are served. A web page that resolves its own name to this machine is refused by this.',
    )
  if (headers.origin !== undefined && !isLoopbackOrigin(headers.origin))
    throw new SidecarError('ForeignHost', 'Requests from web pages of other hosts are not served.')
  const forwarding = forwardingHeaders.find((name) => headers[name] !== undefined)
  if (forwarding !== undefined)
    throw new SidecarError(
      'ForwardedRequest',
      `The header ${forwarding} shows that a proxy is in between. The sidecar serves the application beside it only: call it directly.`,
    )
}

/** A check of the Authorization header against the token that the application must send. */
export function createTokenCheck(token: string): (headers: IncomingHttpHeaders) => void {
  const expected = digest(`Bearer ${token}`)
  return ({ authorization }) => {
    if (authorization === undefined || !timingSafeEqual(digest(authorization), expected))
      throw new SidecarError(
        'Unauthorized',
        'This sidecar wants "Authorization: Bearer <token>" with the token of SIDECAR_API_TOKEN_FILE.',
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
