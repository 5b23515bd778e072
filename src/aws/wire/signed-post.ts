import type { MarketplaceMeteringClient } from '@aws-sdk/client-marketplace-metering'
import { toDate } from '../../kernel/clock.ts'
import { contentType, requestTarget } from '../../protocol/codec.ts'
import type { OperationName } from '../../protocol/operations.ts'
import { readAnswer, type AwsAnswer } from './read-answer.ts'

/** What is learned about one call on its way. */
export interface Trace {
  /** The request was signed and handed to the network. */
  sent: boolean
  /** Headers of AWS's answer. */
  date: string | undefined
  requestId: string | undefined
}

/** Makes one call. Rejects with an `AwsError` for AWS's own, else with what the SDK or Node threw. */
export type SignedPost = (
  operation: OperationName,
  /** The JSON that AWS receives, as it is. */
  body: string,
  how: { readonly abortSignal: AbortSignal; readonly trace: Trace },
) => Promise<AwsAnswer>

/**
 * Posts JSON that we build. The SDK gives endpoint, credentials, signer and connection, but not its
 * shapes: they drop every member that their model does not have, on the way out and on the way back.
 * `now` is the time to sign with.
 */
export function createSignedPost(
  { config }: MarketplaceMeteringClient,
  endpoint: URL,
  now: () => number,
): SignedPost {
  return async function post(operation, body, { abortSignal, trace }) {
    const bytes = Buffer.from(body)
    const { protocol, hostname, port, pathname, host } = endpoint
    const signer = await config.signer()
    const signed = await signer.sign(
      {
        method: 'POST',
        protocol,
        hostname,
        ...(port === '' ? {} : { port: Number(port) }),
        path: pathname,
        query: Object.fromEntries(endpoint.searchParams),
        headers: {
          'content-type': contentType,
          'content-length': String(bytes.length),
          host,
          'user-agent': 'marketplace-sidecar',
          'x-amz-target': requestTarget(operation),
        },
        body: bytes,
      },
      { signingDate: toDate(now()) },
    )
    // Once the signal has fired, the SDK's handler refuses to send.
    trace.sent = true
    const { response } = await config.requestHandler.handle(signed, { abortSignal })
    trace.date = response.headers['date']
    trace.requestId = response.headers['x-amzn-requestid']
    return readAnswer(bytes.length, response)
  }
}
