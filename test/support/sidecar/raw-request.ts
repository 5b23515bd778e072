import { request } from 'node:http'
import { connect } from 'node:net'

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

export interface RawRequest {
  readonly port: number
  readonly host?: string
  readonly method?: string
  readonly path?: string
  /** Including those that fetch does not let callers set, such as Host. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Sends a request with exactly the test's headers. */
export function rawRequest({ host = '127.0.0.1', body = '', ...rest }: RawRequest) {
  return new Promise<RawAnswer>((resolve, reject) => {
    const outgoing = request({ host, agent: false, ...rest }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      )
    })
    outgoing.once('error', reject).end(body)
  })
}

/**
 * Sends `bytes` unchanged and returns everything received until the other side closes. `ends` says that nothing
 * more will be sent, as a client that half-closes does.
 */
export function exchangeBytes(
  port: number,
  bytes: string | Uint8Array,
  { host = '127.0.0.1', ends = false }: { readonly host?: string; readonly ends?: boolean } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => (ends ? socket.end(bytes) : socket.write(bytes)))
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    socket.once('close', () => resolve(text)).once('error', reject)
  })
}
