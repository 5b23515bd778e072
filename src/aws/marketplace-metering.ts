import { createHash } from 'node:crypto'
import {
  BatchMeterUsageCommand,
  MeterUsageCommand,
  RegisterUsageCommand,
  ResolveCustomerCommand,
  type MeterUsageCommandInput,
  type RegisterUsageCommandOutput,
} from '@aws-sdk/client-marketplace-metering'
import { toDate } from '../kernel/clock.ts'
import { fail, succeed } from '../kernel/result.ts'
import { createCaller, type CallerOptions } from './create-caller.ts'
import { createClient, type ClientOptions } from './create-client.ts'
import { serverFaultRow } from './failure-table.ts'
import type {
  DryRunRequest,
  ForwardedOperation,
  MeteringApi,
  MeteringResult,
  MeterUsageRequest,
  MeterUsageValue,
  RegisterUsageValue,
  TaggedQuantity,
} from './metering-api.ts'
import { fromSdkMembers, toSdkMembers } from './sdk-members.ts'

export type MarketplaceMeteringOptions = ClientOptions & CallerOptions

/** Creates the API that calls AWS through its SDK. Each method makes one call; nothing is retried here. */
export function createMarketplaceMetering(options: MarketplaceMeteringOptions): MeteringApi {
  const client = createClient(options)
  const call = createCaller(options)
  return {
    registerUsage({ productCode, publicKeyVersion, nonce }) {
      const command = new RegisterUsageCommand({
        ProductCode: productCode,
        PublicKeyVersion: publicKeyVersion,
        Nonce: nonce,
      })
      return call('RegisterUsage', command, (how) => client.send(command, how), readRegistration)
    },

    meterUsage(request) {
      const command = new MeterUsageCommand(toMeterUsageInput(request))
      return call('MeterUsage', command, (how) => client.send(command, how), readRecordId)
    },

    dryRun(request) {
      const command = new MeterUsageCommand(toDryRunInput(request))
      const send = async (how: { readonly abortSignal: AbortSignal }) => {
        try {
          await client.send(command, how)
        } catch (error) {
          // One of AWS's two ways to say yes; the other is 200.
          if (!(error instanceof Error && error.name === 'DryRunOperation')) throw error
        }
      }
      return call('MeterUsage', command, send, () => succeed(undefined))
    },

    forward(operation, input) {
      // The three commands share the members that are used here, but TypeScript keeps them apart.
      const command = forwardedCommands[operation](
        toSdkMembers(input) as never,
      ) as MeterUsageCommand
      const send = (how: { readonly abortSignal: AbortSignal }) => client.send(command, how)
      return call(operation, command, send, (output) => succeed(fromSdkMembers(output)))
    },

    close: () => client.destroy(),
  }
}

/** The SDK's command for each forwarded operation; the application's input was checked before. */
const forwardedCommands = {
  MeterUsage: (input: never) => new MeterUsageCommand(input),
  BatchMeterUsage: (input: never) => new BatchMeterUsageCommand(input),
  ResolveCustomer: (input: never) => new ResolveCustomerCommand(input),
} as const satisfies Record<ForwardedOperation, unknown>

function readRegistration(output: RegisterUsageCommandOutput): MeteringResult<RegisterUsageValue> {
  const signature = output.Signature
  if (signature === undefined || signature === '') return incomplete('Signature')
  const publicKeyRotationAt = output.PublicKeyRotationTimestamp?.getTime()
  return succeed({ signature, publicKeyRotationAt })
}

/** The SDK does not check what AWS, or what answers in its place, sends: anything but a text is no id. */
function readRecordId(output: {
  readonly MeteringRecordId?: unknown
}): MeteringResult<MeterUsageValue> {
  const meteringRecordId = output.MeteringRecordId
  return typeof meteringRecordId === 'string' && meteringRecordId !== ''
    ? succeed({ meteringRecordId })
    : incomplete('MeteringRecordId')
}

/** AWS answered with success but left out what proves it. */
function incomplete(member: string): MeteringResult<never> {
  return fail({
    code: `${member}Missing`,
    message: `AWS answered with success but without ${member}.`,
    ...serverFaultRow,
  })
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

function toUsageAllocation({ quantity, tags }: TaggedQuantity) {
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

/** Timestamps go over the wire in epoch seconds. */
function toWholeSeconds(instant: number): Date {
  return toDate(Math.floor(instant / 1000) * 1000)
}
