import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { SidecarError, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import {
  contentType,
  encodeFailure,
  isProtocolContentType,
  parseBody,
  parseCredentialScope,
  parseTarget,
} from '../protocol/codec.ts'
import { fail, type Outcome, type ServiceErrorName } from '../protocol/errors.ts'
import type { InputOf } from '../protocol/inputs.ts'
import type { OperationName } from '../protocol/operations.ts'
import { validateInput } from '../protocol/validate.ts'
import type { ProblemCode } from './problem.ts'
import type { TellRefused } from './refused-usage.ts'
import { problemOfError } from './request-error.ts'

/** What an operation answers: its output members, or an error of AWS. */
export type FrontHandlers = {
  readonly [O in OperationName]: (input: InputOf<O>) => Promise<Outcome<object>>
}

export interface AwsFrontOptions {
  readonly handlers: FrontHandlers
  /** Where the task or pod runs; undefined when nobody knows, and then no call is taken. */
  readonly region: string | undefined
  readonly tellRefused: TellRefused
  readonly log: Log
}

/**
 * The AWS protocol at `POST /`: an AWS SDK whose endpoint is this listener works unchanged. Errors have
 * AWS's names, forms and status codes. Signatures are not verified, but the region they were made for
 * must be the task's.
 */
export function awsFront(app: FastifyInstance, options: AwsFrontOptions): void {
  app.addContentTypeParser(contentType, { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  )
  app.post(
    '/',
    {
      errorHandler(error, request, reply) {
        const outcome = failureOf(error, request.id, options.log)
        tellRefusal(request, outcome, options)
        answerFailure(reply, outcome)
      },
    },
    async (request, reply) => {
      const outcome = await perform(request, options)
      if (outcome.ok) return answer(reply, 200, JSON.stringify(outcome.value))
      tellRefusal(request, outcome, options)
      return answerFailure(reply, outcome)
    },
  )
}

/** Usage that an AWS SDK sent and that was not recorded is told like a report that was refused. */
function tellRefusal(
  request: FastifyRequest,
  outcome: Outcome<never>,
  { tellRefused }: AwsFrontOptions,
): void {
  const target = request.headers['x-amz-target']
  const operation = parseTarget(typeof target === 'string' ? target : undefined)
  if (outcome.ok || !operation.ok || operation.value !== 'MeterUsage') return
  const body = parseBody(typeof request.body === 'string' ? request.body : '')
  const members: MeterUsageMembers = (body.ok && body.value) || {}
  if (members.DryRun === true) return
  tellRefused(members.UsageDimension, outcome.failure.name, request.id)
}

/** Of a request that may not have the form of one. */
interface MeterUsageMembers {
  readonly UsageDimension?: unknown
  readonly DryRun?: unknown
}

async function perform(
  request: FastifyRequest,
  options: AwsFrontOptions,
): Promise<Outcome<object>> {
  const { headers } = request
  const target = headers['x-amz-target']
  const operation = parseTarget(typeof target === 'string' ? target : undefined)
  if (!operation.ok) return operation
  if (!isProtocolContentType(headers['content-type']))
    return fail('UnknownOperationException', `The content type is not ${contentType}.`)
  const scope = parseCredentialScope(headers.authorization)
  if (!scope.ok) return scope
  const region = checkRegion(operation.value, scope.value.region, options.region)
  if (region !== undefined) return region
  const body = parseBody(typeof request.body === 'string' ? request.body : '')
  return body.ok ? dispatch(operation.value, body.value, options.handlers) : body
}

function checkRegion(
  operation: OperationName,
  signed: string,
  actual: string | undefined,
): Outcome<never> | undefined {
  if (signed === actual) return undefined
  const name: ServiceErrorName =
    operation === 'RegisterUsage' ? 'InvalidRegionException' : 'InvalidEndpointRegionException'
  return fail(
    name,
    `The request is signed for ${signed}, but the task or pod runs in ${actual ?? 'a region that could not be found out'}. Let the SDK use the region of the task or pod.`,
  )
}

async function dispatch(
  operation: OperationName,
  body: unknown,
  handlers: FrontHandlers,
): Promise<Outcome<object>> {
  switch (operation) {
    case 'RegisterUsage': {
      const input = validateInput('RegisterUsage', body)
      return input.ok ? handlers.RegisterUsage(input.value) : input
    }
    case 'MeterUsage': {
      const input = validateInput('MeterUsage', body)
      return input.ok ? handlers.MeterUsage(input.value) : input
    }
    case 'BatchMeterUsage': {
      const input = validateInput('BatchMeterUsage', body)
      return input.ok ? handlers.BatchMeterUsage(input.value) : input
    }
    case 'ResolveCustomer': {
      const input = validateInput('ResolveCustomer', body)
      return input.ok ? handlers.ResolveCustomer(input.value) : input
    }
  }
}

/** AWS's names for what the listener itself refuses. */
const errorNames: Partial<Record<ProblemCode, ServiceErrorName>> = {
  UnsupportedMediaType: 'UnknownOperationException',
  InvalidJson: 'SerializationException',
  InvalidRequest: 'SerializationException',
  BodyTooLarge: 'RequestEntityTooLargeException',
  ForeignHost: 'AccessDeniedException',
  ForwardedRequest: 'AccessDeniedException',
  Unauthorized: 'AccessDeniedException',
  OccurredAtTooOld: 'TimestampOutOfBoundsException',
  OccurredAtInFuture: 'TimestampOutOfBoundsException',
  IdempotencyKeyReused: 'IdempotencyConflictException',
  ShuttingDown: 'ServiceUnavailableException',
  LedgerBusy: 'ServiceUnavailableException',
}

/** What the listener says of its own members, in the words of AWS's. */
const details: Partial<Record<ProblemCode, string>> = {
  OccurredAtTooOld:
    'The Timestamp lies more than 6 hours back, and AWS Marketplace takes no usage that old.',
  OccurredAtInFuture: "The Timestamp lies more than 5 minutes ahead of the sidecar's clock.",
  IdempotencyKeyReused: 'The ClientToken was used for a request with other parameters.',
  BodyTooLarge: 'The request is larger than SIDECAR_BODY_LIMIT_BYTES.',
  UnsupportedMediaType: `The content type is not ${contentType}.`,
}

/** Everything else is our fault, which SDKs try again. */
function failureOf(error: unknown, requestId: string, log: Log): Outcome<never> {
  if (isTooDeep(error)) return fail('SerializationException', 'The request is nested too deeply.')
  const problem = problemOfError(error)
  if (!(error instanceof SidecarError) && problem.status === 500)
    log('http.failed', messageOf(error), { route: '/', requestId, error })
  const name = errorNames[problem.code] ?? 'InternalServiceErrorException'
  return fail(name, details[problem.code] ?? problem.detail)
}

/** Whether a walk over the request's members ran out of stack; the answer is the same the next time. */
function isTooDeep(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes('call stack')
}

function answerFailure(reply: FastifyReply, outcome: Outcome<never>): FastifyReply {
  if (outcome.ok) throw new TypeError('an outcome that is well is no failure')
  const { status, body } = encodeFailure(outcome.failure)
  return answer(reply, status, body)
}

function answer(reply: FastifyReply, status: number, body: string): FastifyReply {
  return reply
    .code(status)
    .header('content-type', contentType)
    .header('x-amzn-requestid', reply.request.id)
    .send(Buffer.from(body))
}
