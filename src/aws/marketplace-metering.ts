import { createHash } from 'node:crypto'
import {
  BatchMeterUsageCommand,
  MarketplaceMeteringClient,
  MeterUsageCommand,
  RegisterUsageCommand,
  ResolveCustomerCommand,
  type MeterUsageCommandInput,
} from '@aws-sdk/client-marketplace-metering'
import { toDate, type Clock } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import { classifyError } from './classify-error.ts'
import { serverFaultRow } from './failure-table.ts'
import { parseHttpDate } from '../kernel/http-date.ts'
import type {
  MeteringResult,
  DryRunRequest,
  ForwardedOperation,
  MeteringApi,
  MeterUsageRequest,
  MeterUsageValue,
  RegisterUsageRequest,
  RegisterUsageValue,
  UsageAllocation,
  WireMembers,
} from './metering-api.ts'
import { fromSdkMembers, toSdkMembers } from './wire-members.ts'

export interface MarketplaceMeteringOptions {
  /** Where the task or pod runs; requests are signed for it. */
  readonly region: string
  /** Default: the region's own. `AWS_ENDPOINT_URL*` never counts: it points at this sidecar. */
  readonly endpoint?: string | undefined
  /** How long AWS may take to answer, ms. Credentials may take as long again before. */
  readonly timeoutMs: number
  /** Default: the SDK's own search, which finds the role of the task or pod. */
  readonly credentials?:
    | {
        readonly accessKeyId: string
        readonly secretAccessKey: string
        readonly sessionToken?: string | undefined
      }
    | undefined
  readonly events: Events
  readonly clock: Clock
}

/**
 * NAT gateways forget an idle connection after 350 s and reset it at its next use, which would make
 * the hourly attempt ambiguous; a connection is never kept that long.
 */
const idleConnectionMs = 20_000

/** The address of the Metering service in a region. */
export function defaultEndpoint(region: string): string {
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return `https://metering.marketplace.${region}.${suffix}`
}

/** The one door to AWS Marketplace Metering. Each method makes one call; nothing is retried here. */
export function createMarketplaceMetering(options: MarketplaceMeteringOptions): MeteringApi {
  const client = createClient(options)
  const call = createCaller(options)

  return {
    registerUsage({ productCode, publicKeyVersion, nonce }: RegisterUsageRequest) {
      const command = new RegisterUsageCommand({
        ProductCode: productCode,
        PublicKeyVersion: publicKeyVersion,
        Nonce: nonce,
      })
      const trace = startTrace()
      command.middlewareStack.add(tracing(trace), innermost)
      const send = (abortSignal: AbortSignal) => client.send(command, { abortSignal })
      return call('RegisterUsage', trace, send, (output): MeteringResult<RegisterUsageValue> => {
        const signature = output.Signature
        if (signature === undefined || signature === '') return incomplete('Signature')
        const publicKeyRotationAt = output.PublicKeyRotationTimestamp?.getTime()
        return { ok: true, value: { signature, publicKeyRotationAt } }
      })
    },

    meterUsage(request: MeterUsageRequest) {
      const command = new MeterUsageCommand(toMeterUsageInput(request))
      const trace = startTrace()
      command.middlewareStack.add(tracing(trace), innermost)
      const send = (abortSignal: AbortSignal) => client.send(command, { abortSignal })
      return call('MeterUsage', trace, send, (output): MeteringResult<MeterUsageValue> => {
        const meteringRecordId = output.MeteringRecordId
        return meteringRecordId === undefined || meteringRecordId === ''
          ? incomplete('MeteringRecordId')
          : { ok: true, value: { meteringRecordId } }
      })
    },

    dryRun(request: DryRunRequest) {
      const command = new MeterUsageCommand(toDryRunInput(request))
      const trace = startTrace()
      command.middlewareStack.add(tracing(trace), innermost)
      const send = async (abortSignal: AbortSignal) => {
        try {
          await client.send(command, { abortSignal })
        } catch (error) {
          // One of AWS's two ways to say yes; the other is 200.
          if (!(error instanceof Error && error.name === 'DryRunOperation')) throw error
        }
      }
      return call('MeterUsage', trace, send, (): MeteringResult<undefined> => ({
        ok: true,
        value: undefined,
      }))
    },

    forward(operation: ForwardedOperation, input: WireMembers) {
      // The three commands share what is used of them here, but TypeScript keeps them apart.
      const command = forwardedCommands[operation](
        toSdkMembers(input) as never,
      ) as MeterUsageCommand
      const trace = startTrace()
      command.middlewareStack.add(tracing(trace), innermost)
      const send = (abortSignal: AbortSignal) => client.send(command, { abortSignal })
      return call(operation, trace, send, (output): MeteringResult<WireMembers> => ({
        ok: true,
        value: fromSdkMembers(output),
      }))
    },

    close: () => client.destroy(),
  }
}

/** The SDK's command for each operation that is passed on; the application's input was checked before. */
const forwardedCommands = {
  MeterUsage: (input: never) => new MeterUsageCommand(input),
  BatchMeterUsage: (input: never) => new BatchMeterUsageCommand(input),
  ResolveCustomer: (input: never) => new ResolveCustomerCommand(input),
} as const satisfies Record<ForwardedOperation, unknown>

function createClient(options: MarketplaceMeteringOptions): MarketplaceMeteringClient {
  const { region, credentials, timeoutMs } = options
  const agent = { keepAlive: true, timeout: idleConnectionMs }
  return new MarketplaceMeteringClient({
    region,
    endpoint: options.endpoint ?? defaultEndpoint(region),
    // An explicit endpoint together with either of these is an error of the SDK.
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard',
    requestHandler: {
      connectionTimeout: Math.max(1, Math.floor(timeoutMs / 2)),
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
    ...(credentials === undefined ? {} : { credentials: toSdkCredentials(credentials) }),
  })
}

function toSdkCredentials({
  accessKeyId,
  secretAccessKey,
  sessionToken,
}: NonNullable<MarketplaceMeteringOptions['credentials']>) {
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  }
}

/** What became known of one call on its way. */
interface Trace {
  /** The request was signed and handed to the network. */
  sent: boolean
  /** Headers of AWS's answer. */
  date: string | undefined
  requestId: string | undefined
}

function startTrace(): Trace {
  return { sent: false, date: undefined, requestId: undefined }
}

/** Innermost of the SDK's steps: after it there is only the network. */
const innermost = { step: 'deserialize', priority: 'low', name: 'traceCall' } as const

/** Notes when a request leaves, and the time and the id that its answer bears. */
function tracing(trace: Trace) {
  return <A, R extends { readonly response: unknown }>(next: (args: A) => Promise<R>) =>
    async (args: A): Promise<R> => {
      trace.sent = true
      const result = await next(args)
      trace.date = headerOf(result.response, 'date')
      trace.requestId = headerOf(result.response, 'x-amzn-requestid')
      return result
    }
}

function headerOf(response: unknown, name: string): string | undefined {
  if (typeof response !== 'object' || response === null) return undefined
  const headers: unknown = Reflect.get(response, 'headers')
  const value: unknown =
    typeof headers === 'object' && headers !== null ? Reflect.get(headers, name) : undefined
  return typeof value === 'string' ? value : undefined
}

function createCaller({ events, clock, timeoutMs }: MarketplaceMeteringOptions) {
  return async function call<Output, T>(
    operation: string,
    trace: Trace,
    send: (abortSignal: AbortSignal) => Promise<Output>,
    read: (output: Output) => MeteringResult<T>,
  ): Promise<MeteringResult<T>> {
    const started = performance.now()
    // The request's own timeouts know neither a credentials service that hangs nor a body that never
    // ends. Once this signal has fired, the SDK's handler refuses to send.
    const deadline = AbortSignal.timeout(2 * timeoutMs)
    const answer = await Promise.race([send(deadline), rejectOn(deadline)]).then(
      read,
      (error: unknown): MeteringResult<T> => ({
        ok: false,
        failure: {
          ...classifyError(error, operation, trace.sent),
          requestId: trace.requestId,
        },
      }),
    )
    const serverTime = trace.date === undefined ? undefined : parseHttpDate(trace.date)
    events.emit('awsCalled', {
      operation,
      outcome: answer.ok ? 'ok' : answer.failure.kind,
      seconds: (performance.now() - started) / 1000,
      clockSkewSeconds: serverTime === undefined ? undefined : (serverTime - clock.now()) / 1000,
      requestId: trace.requestId,
    })
    return answer
  }
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** AWS answered with success but left out what proves it. */
function incomplete(member: string): MeteringResult<never> {
  return {
    ok: false,
    failure: {
      code: `${member}Missing`,
      message: `AWS answered with success but without ${member}.`,
      ...serverFaultRow,
    },
  }
}

function toMeterUsageInput(request: MeterUsageRequest): MeterUsageCommandInput {
  return {
    ProductCode: request.productCode,
    UsageDimension: request.dimension,
    Timestamp: toWholeSeconds(request.timestamp),
    UsageQuantity: request.quantity,
    ClientToken: request.clientToken,
    ...(request.allocations === undefined
      ? {}
      : { UsageAllocations: request.allocations.map(toUsageAllocation) }),
  }
}

function toUsageAllocation({ quantity, tags }: UsageAllocation) {
  const Tags = tags.map(({ key, value }) => ({ Key: key, Value: value }))
  return { AllocatedUsageQuantity: quantity, ...(Tags.length === 0 ? {} : { Tags }) }
}

function toDryRunInput({
  productCode,
  dimension,
  timestamp,
}: DryRunRequest): MeterUsageCommandInput {
  const instant = toWholeSeconds(timestamp)
  return {
    ProductCode: productCode,
    UsageDimension: dimension,
    Timestamp: instant,
    UsageQuantity: 0,
    DryRun: true,
    ClientToken: createHash('sha256')
      .update(['dry-run', productCode, dimension, instant.getTime()].join('\n'))
      .digest('hex'),
  }
}

/** AWS takes epoch seconds. */
function toWholeSeconds(instant: number): Date {
  return toDate(Math.floor(instant / 1000) * 1000)
}
