import type { FastifyInstance, FastifyReply } from 'fastify'
import { SidecarError } from '../../kernel/errors.ts'
import { problemTable } from '../../kernel/problems/problem-table.ts'
import type { Source } from '../source.ts'
import { contentTypes, partialSuccess, statusOf, type Encoding } from './answers.ts'
import { createReceiver, type Receive } from './receive-metrics.ts'
import { isSent } from './pick-usage.ts'
import { largestRequestBytes, tooLarge } from './read-body.ts'
import type { SourceContext } from '../source.ts'

/** `POST /v1/metrics`: sums and gauges that an SDK or a Collector of OpenTelemetry sends over HTTP. */
export const otlpSource: Source = {
  name: 'otlp',
  start(context) {
    const dimensions = context.dimensions.filter(isSent)
    const receive = dimensions.length === 0 ? nothingFromOtlp : createReceiver(context, dimensions)
    // In a scope of its own, where bodies are bytes.
    void context.app.register((scope, _options, done) => {
      addRoute(scope, context, receive)
      done()
    })
    return { [Symbol.asyncDispose]: () => Promise.resolve() }
  },
}

const nothingFromOtlp: Receive = () => {
  throw new SidecarError(
    'NothingFromOtlp',
    'No dimension of the product file comes from otlp, so there is nothing to count. Report usage with POST /v1/usage, or add "from" to a dimension of the file.',
  )
}

function addRoute(
  app: FastifyInstance,
  { explain, refused }: Pick<SourceContext, 'explain' | 'refused'>,
  receive: Receive,
): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(Object.values(contentTypes), { parseAs: 'buffer' }, (_, body, done) =>
    done(null, body),
  )
  app.post<{ Body: Buffer }>(
    '/v1/metrics',
    {
      bodyLimit: largestRequestBytes,
      errorHandler(error, request, reply) {
        const { code, detail } = explain(error)
        refused(undefined, code, request.id)
        const status = statusFor(problemTable[code].status)
        const own = error instanceof SidecarError ? undefined : ofThisRoute.get(code)
        const message = own ?? detail
        if (status === 503) reply.header('retry-after', '5')
        send(reply, status, statusOf(status, `${code}: ${message}`, encodingOf(request.headers)))
      },
    },
    async ({ body, headers }, reply) => {
      const encoding = encodingOf(headers)
      const rejected = await receive(body, encoding, headers['content-encoding'])
      return send(reply, 200, partialSuccess(rejected, encoding))
    },
  )
}

/** What the framework refuses for every route, with what this one accepts. */
const ofThisRoute: ReadonlyMap<string, string> = new Map([
  ['BodyTooLarge', tooLarge().message],
  [
    'UnsupportedMediaType',
    `Send protobuf with the header "Content-Type: ${contentTypes.protobuf}", or JSON with "Content-Type: ${contentTypes.json}".`,
  ],
])

/**
 * Exporters repeat a request after 503 and give it up after any other failure: while the ledger is full or the
 * sidecar has a defect, nothing of it must be lost.
 */
function statusFor(status: number): number {
  return status >= 500 ? 503 : status
}

function encodingOf(headers: { readonly 'content-type'?: string | undefined }): Encoding {
  const type = headers['content-type']?.toLowerCase() ?? ''
  return type.startsWith(contentTypes.protobuf) ? 'protobuf' : 'json'
}

function send(
  reply: FastifyReply,
  status: number,
  { contentType, body }: ReturnType<typeof statusOf>,
): FastifyReply {
  return reply.code(status).header('content-type', contentType).send(body)
}
