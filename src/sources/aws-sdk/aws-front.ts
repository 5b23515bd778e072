import type { FastifyReply, FastifyRequest } from 'fastify'
import { SidecarError, errorTable, messageOf, type ProblemCode } from '../../kernel/errors.ts'
import {
  contentType,
  encodeFailure,
  isProtocolContentType,
  parseBody,
  parseCredentialScope,
  parseTarget,
} from '../../protocol/codec.ts'
import { fail, type Outcome, type ServiceErrorName } from '../../protocol/errors.ts'
import type { InputOf } from '../../protocol/inputs.ts'
import type { OperationName } from '../../protocol/operations.ts'
import { validateInput } from '../../protocol/validate.ts'
import type { SourceContext } from '../source.ts'

/** What an operation answers: its output members, or an error of AWS. */
export type FrontHandlers = {
  readonly [O in OperationName]: (input: InputOf<O>) => Promise<Outcome<object>>
}

type FrontContext = Pick<SourceContext, 'app' | 'region' | 'refused' | 'explain' | 'log'> & {
  readonly handlers: FrontHandlers
}

/**
 * The AWS protocol at `POST /`: an AWS SDK whose endpoint is this listener works unchanged. Errors have
 * AWS's names, forms and status codes. Signatures are not verified, but the region they were made for
 * must be the task's.
 */
export function awsFront(context: FrontContext): void {
  const { app } = context
  app.addContentTypeParser(contentType, { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  )
  app.post(
    '/',
    {
      errorHandler(error, request, reply) {
        const outcome = failureOf(error, request.id, context)
        reportRefusal(request, outcome, context)
        answerFailure(reply, outcome)
      },
    },
    async (request, reply) => {
      const outcome = await perform(request, context)
      if (outcome.ok) return answer(reply, 200, JSON.stringify(outcome.value))
      reportRefusal(request, outcome, context)
      return answerFailure(reply, outcome)
    },
  )
}

/** Reports usage that an AWS SDK sent and that was not recorded. */
function reportRefusal(
  request: FastifyRequest,
  outcome: Outcome<never>,
  { refused }: FrontContext,
): void {
  const target = request.headers['x-amz-target']
  const operation = parseTarget(typeof target === 'string' ? target : undefined)
  if (outcome.ok || !operation.ok || operation.value !== 'MeterUsage') return
  const body = parseBody(typeof request.body === 'string' ? request.body : '')
  const members: MeterUsageMembers = (body.ok && body.value) || {}
  if (members.DryRun === true) return
  refused(members.UsageDimension, outcome.failure.name, request.id)
}

/** Of a request that may not have the form of one. */
interface MeterUsageMembers {
  readonly UsageDimension?: unknown
  readonly DryRun?: unknown
}

async function perform(request: FastifyRequest, context: FrontContext): Promise<Outcome<object>> {
  const { headers } = request
  const target = headers['x-amz-target']
  const operation = parseTarget(typeof target === 'string' ? target : undefined)
  if (!operation.ok) return operation
  if (!isProtocolContentType(headers['content-type']))
    return fail('UnknownOperationException', `The content type is not ${contentType}.`)
  const scope = parseCredentialScope(headers.authorization)
  if (!scope.ok) return scope
  const region = checkRegion(operation.value, scope.value.region, context.region)
  if (region !== undefined) return region
  const body = parseBody(typeof request.body === 'string' ? request.body : '')
  return body.ok ? dispatch(operation.value, body.value, context.handlers) : body
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

/** A code without a name of AWS is our fault, which SDKs try again. */
function failureOf(
  error: unknown,
  requestId: string,
  { explain, log }: FrontContext,
): Outcome<never> {
  if (isTooDeep(error)) return fail('SerializationException', 'The request is nested too deeply.')
  const { code, detail } = explain(error)
  if (!(error instanceof SidecarError) && code === 'InternalError')
    log('http.failed', messageOf(error), { route: '/', requestId, error })
  return fail(awsNameOf(code), awsMessageOf(code) ?? detail)
}

function awsNameOf(code: ProblemCode): ServiceErrorName {
  const row = errorTable[code]
  return 'awsName' in row ? row.awsName : 'InternalServiceErrorException'
}

function awsMessageOf(code: ProblemCode): string | undefined {
  const row = errorTable[code]
  return 'awsMessage' in row ? row.awsMessage : undefined
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
