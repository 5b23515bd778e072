import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { SidecarError, messageOf } from '../../kernel/errors.ts'
import { problemTable, type ProblemCode } from '../../kernel/problems/problem-table.ts'
import { awsLimits } from '../../metering/aws-limits.ts'
import {
  contentType,
  encodeFailure,
  isProtocolContentType,
  parseBody,
  parseCredentialScope,
  parseTarget,
} from '../../protocol/codec.ts'
import { succeed } from '../../kernel/result.ts'
import { dispatch, type OperationHandlers } from '../../protocol/dispatch.ts'
import {
  serviceError,
  type ServiceErrorName,
  type ServiceFailure,
  type ServiceResult,
} from '../../protocol/service-errors.ts'
import type { OperationName } from '../../protocol/operations.ts'
import { contentCoding } from '../content-coding.ts'
import { shownValue } from '../sample-value.ts'
import type { SourceContext } from '../source.ts'
import type { FrontCall } from './front-handlers.ts'

type FrontContext = Pick<SourceContext, 'app' | 'region' | 'refused' | 'explain' | 'log'> & {
  readonly handlers: OperationHandlers<FrontCall>
}

/**
 * Adds AWS's protocol at `POST /`: an AWS SDK whose endpoint is this listener works unchanged. Errors
 * have AWS's names, forms and status codes. Signatures are not verified, but the region that a request
 * was signed for must be that of the task or pod.
 */
export function addAwsFront(context: FrontContext): void {
  // In a scope of its own, where bodies are texts: no other route can read AWS's content type.
  void context.app.register((app, _options, done) => {
    addRoute(app, context)
    done()
  })
}

function addRoute(app: FastifyInstance, context: FrontContext): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.post(
    '/',
    {
      errorHandler(error, request, reply) {
        answerFailure(request, reply, failureOf(error, request.id, context), context)
      },
    },
    async (request, reply) => {
      const result = await perform(request, context)
      return result.ok
        ? answer(reply, 200, JSON.stringify(result.value))
        : answerFailure(request, reply, result.failure, context)
    },
  )
}

/** Reports usage that an AWS SDK sent and that was not recorded. */
function reportRefusal(
  request: FastifyRequest,
  failure: ServiceFailure,
  { refused }: FrontContext,
): void {
  const operation = operationOf(request)
  const body = parseBody(textOf(request))
  const members: UsageMembers = (body.ok && body.value) || {}
  for (const dimension of refusedDimensions(operation.ok ? operation.value : undefined, members))
    refused(dimension, failure.name, request.id)
}

/** What a call would have recorded: the dimension of MeterUsage, those of a batch. */
function refusedDimensions(
  operation: OperationName | undefined,
  { UsageDimension, DryRun, UsageRecords }: UsageMembers,
): readonly unknown[] {
  if (operation === 'MeterUsage') return DryRun === true ? [] : [UsageDimension]
  if (operation !== 'BatchMeterUsage' || !Array.isArray(UsageRecords)) return []
  const records: readonly unknown[] = UsageRecords
  return records
    .slice(0, awsLimits.recordsPerBatch)
    .map((record) =>
      typeof record === 'object' && record !== null && 'Dimension' in record
        ? record.Dimension
        : undefined,
    )
}

/** Members that a body of any kind may have. */
interface UsageMembers {
  readonly UsageDimension?: unknown
  readonly DryRun?: unknown
  readonly UsageRecords?: unknown
}

async function perform(
  request: FastifyRequest,
  context: FrontContext,
): Promise<ServiceResult<object>> {
  const { headers } = request
  const operation = operationOf(request)
  if (!operation.ok) return operation
  if (!isProtocolContentType(headers['content-type']))
    return serviceError('UnknownOperationException', `The content type is not ${contentType}.`)
  const coding = contentCoding(headers['content-encoding'])
  if (coding !== undefined)
    return serviceError(
      'SerializationException',
      `The body is packed with ${JSON.stringify(shownValue(coding))}. Send it as it is, without Content-Encoding.`,
    )
  const scope = parseCredentialScope(headers.authorization)
  if (!scope.ok) return scope
  const region = checkRegion(operation.value, scope.value.region, context.region)
  if (!region.ok) return region
  const body = textOf(request)
  return dispatch(operation.value, body, context.handlers, { body, headers, requestId: request.id })
}

function operationOf({ headers }: FastifyRequest): ServiceResult<OperationName> {
  const target = headers['x-amz-target']
  return parseTarget(typeof target === 'string' ? target : undefined)
}

function textOf({ body }: FastifyRequest): string {
  return typeof body === 'string' ? body : ''
}

function checkRegion(
  operation: OperationName,
  signed: string,
  actual: string | undefined,
): ServiceResult<undefined> {
  if (signed === actual) return succeed(undefined)
  return serviceError(
    operation === 'RegisterUsage' ? 'InvalidRegionException' : 'InvalidEndpointRegionException',
    `The request is signed for ${signed}, but the task or pod runs in ${actual ?? 'a region that could not be determined'}. Let the SDK use the region of the task or pod.`,
  )
}

/** AWS's error for anything thrown. A code without AWS's name is our fault, which SDKs retry. */
function failureOf(
  error: unknown,
  requestId: string,
  { explain, log }: FrontContext,
): ServiceFailure {
  if (isTooDeep(error))
    return { name: 'SerializationException', message: 'The request is nested too deeply.' }
  const { code, detail } = explain(error)
  if (!(error instanceof SidecarError) && code === 'InternalError')
    log('http.failed', messageOf(error), { route: '/', requestId, error })
  return { name: awsNameOf(code), message: awsMessageOf(code) ?? detail }
}

function awsNameOf(code: ProblemCode): ServiceErrorName {
  const row = problemTable[code]
  return 'awsName' in row ? row.awsName : 'InternalServiceErrorException'
}

function awsMessageOf(code: ProblemCode): string | undefined {
  const row = problemTable[code]
  return 'awsMessage' in row ? row.awsMessage : undefined
}

/** Whether a walk over the request's members overflowed the stack, which a retry would do again. */
function isTooDeep(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes('call stack')
}

function answerFailure(
  request: FastifyRequest,
  reply: FastifyReply,
  failure: ServiceFailure,
  context: FrontContext,
): FastifyReply {
  reportRefusal(request, failure, context)
  const { status, body } = encodeFailure(failure)
  return answer(reply, status, body)
}

function answer(reply: FastifyReply, status: number, body: string): FastifyReply {
  return reply
    .code(status)
    .header('content-type', contentType)
    .header('x-amzn-requestid', reply.request.id)
    .send(Buffer.from(body))
}
