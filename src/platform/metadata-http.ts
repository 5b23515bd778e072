import { Agent, request } from 'node:http'

interface MetadataRequest {
  readonly url: string
  readonly method?: 'GET' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  /** The limit of the whole exchange, in real time. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** Fetches a small text from a metadata service; rejects with an Error unless the answer is a 200. */
export type MetadataHttp = (request: MetadataRequest) => Promise<string>

const largestAnswerBytes = 65_536

/**
 * Fetches over the network. It uses a separate agent, because a proxy that the environment names must
 * never see the link-local metadata services.
 */
export const metadataHttp: MetadataHttp = (options) => {
  const timeout = AbortSignal.timeout(options.timeoutMs)
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal])
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(timeout.aborted ? new Error(`no answer within ${options.timeoutMs} ms`) : error)
    const outgoing = request(
      options.url,
      {
        method: options.method ?? 'GET',
        headers: { ...options.headers },
        agent: new Agent({ keepAlive: false }),
        signal,
      },
      (answer) => {
        const chunks: Buffer[] = []
        let length = 0
        answer.on('error', fail)
        answer.on('data', (chunk: Buffer) => {
          length += chunk.length
          chunks.push(chunk)
          if (length > largestAnswerBytes) outgoing.destroy(new Error('an answer above 64 KiB'))
        })
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          if (answer.statusCode === 200) resolve(text)
          else fail(new Error(`HTTP status ${answer.statusCode}`))
        })
      },
    )
    outgoing.on('error', fail)
    outgoing.end()
  })
}
