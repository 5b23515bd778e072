import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { stopwatch } from '../../kernel/clock.ts'
import type { Events } from '../../kernel/events.ts'
import type { Log } from '../../kernel/log.ts'
import { createJsonParser } from '../../sources/json/json-parser.ts'
import type { JsonRoute, PostJson } from '../../sources/source.ts'
import { addFastPath } from './fast-path.ts'
import { problemAnswer } from './problem.ts'
import { problemToSend } from './problem-of-error.ts'
import { requestIdOf } from './request-id.ts'

interface PostJsonOptions {
  /** Whether the defences accept a request; the route answers one that they do not accept. */
  readonly accepts: (headers: IncomingHttpHeaders) => boolean
  /** Called for every request that does not take the route. */
  readonly onRequest: () => void
  readonly bodyLimitBytes: number
  readonly events: Events
  readonly log: Log
}

const jsonType = 'application/json; charset=utf-8'
const jsonHeaders = { 'content-type': jsonType }
const plainTypes: ReadonlySet<string | undefined> = new Set([
  'application/json',
  'application/json;charset=utf-8',
  jsonType,
])

/** Adds routes that accept and answer JSON. */
export function createPostRoute(app: FastifyInstance): PostJson {
  return (path, route) => {
    app.post(
      path,
      {
        errorHandler(error, { body, id }, reply) {
          route.failed({ error, body, requestId: id })
          // The listener answers it.
          reply.send(error)
        },
      },
      async ({ body, headers }, reply) =>
        reply.header('content-type', jsonType).send(await route.handle({ body, headers })),
    )
  }
}

/**
 * Adds the same routes, with a shortcut past Fastify for plain requests, which halves the time of a
 * report. An answer has the same bytes either way, problems included.
 */
export function createPostJson(app: FastifyInstance, options: PostJsonOptions): PostJson {
  const { accepts, onRequest, bodyLimitBytes } = options
  const shortcuts = new Map<string | undefined, Shortcut>()
  addFastPath(app, (request, response) => {
    const shortcut = request.method === 'POST' ? shortcuts.get(request.url) : undefined
    if (shortcut === undefined || !isPlain(request.headers, bodyLimitBytes)) return false
    if (!accepts(request.headers)) return false
    onRequest()
    shortcut(request, response)
    return true
  })
  const addRoute = createPostRoute(app)
  return (path, route) => {
    addRoute(path, route)
    shortcuts.set(path, createShortcut(app, path, route, options))
  }
}

type Shortcut = (request: IncomingMessage, response: ServerResponse) => void

/** Whether the body is JSON that is not packed, of a length that is known and allowed. */
function isPlain(headers: IncomingHttpHeaders, bodyLimitBytes: number): boolean {
  return (
    plainTypes.has(headers['content-type']) &&
    headers['transfer-encoding'] === undefined &&
    headers['content-encoding'] === undefined &&
    Number(headers['content-length']) <= bodyLimitBytes
  )
}

function createShortcut(
  app: FastifyInstance,
  path: string,
  route: JsonRoute,
  { events, log }: PostJsonOptions,
): Shortcut {
  const parse = createParser(app)
  return (request, response) => {
    const elapsed = stopwatch()
    const send = (status: number, headers: Readonly<Record<string, string>>, body: string) => {
      response
        .writeHead(status, { ...headers, 'content-length': `${Buffer.byteLength(body)}` })
        .end(body)
      events.emit('httpAnswered', { route: path, method: 'POST', status, seconds: elapsed() })
    }
    const succeed = (body: string) => send(200, jsonHeaders, body)
    const fail = (error: unknown, sent: unknown, first: Readonly<Record<string, string>> = {}) => {
      const requestId = requestIdOf(request)
      route.failed({ error, body: sent, requestId })
      const problem = problemToSend(error, { route: path, requestId }, log)
      const { status, headers, body } = problemAnswer(problem, requestId)
      send(status, { ...first, ...headers }, body)
    }
    readBytes(request, (bytes) => {
      const { error, body } = parse(bytes)
      // Fastify trusts no connection any more whose client sent something else than JSON.
      if (error) fail(error, undefined, { connection: 'close' })
      else
        route
          .handle({ body, headers: request.headers })
          .then(succeed, (failure: unknown) => fail(failure, body))
    })
  }
}

interface ParsedJson {
  readonly error: Error | null
  readonly body?: unknown
}

/** Parses as the routes do. */
function createParser(app: FastifyInstance): (bytes: Buffer) => ParsedJson {
  const parse = createJsonParser(app)
  // The parser reads no more of the request than whether its body is packed, which no plain one is.
  const request = { headers: {} } as FastifyRequest
  return (bytes) => {
    let parsed: ParsedJson = { error: null }
    parse(request, bytes, (error, body) => {
      parsed = { error, body }
    })
    return parsed
  }
}

/** Reads a whole body. A client that goes away meanwhile gets no answer. */
function readBytes(request: IncomingMessage, use: (bytes: Buffer) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const [only] = chunks
    use(chunks.length === 1 && only ? only : Buffer.concat(chunks))
  })
}
