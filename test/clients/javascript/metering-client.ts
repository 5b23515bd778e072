/**
 * Makes the calls that it reads from standard input, one JSON object per line, with the AWS SDK for
 * JavaScript, and answers each with a line. Region, credentials and endpoint come from the environment.
 */
import { createInterface } from 'node:readline'
import {
  BatchMeterUsageCommand,
  MarketplaceMeteringClient,
  MarketplaceMeteringServiceException,
  MeterUsageCommand,
  RegisterUsageCommand,
  ResolveCustomerCommand,
} from '@aws-sdk/client-marketplace-metering'
import type { Call, CallResult } from '../call.ts'

const commands = {
  MeterUsage: (input: never) => new MeterUsageCommand(input),
  RegisterUsage: (input: never) => new RegisterUsageCommand(input) as unknown as MeterUsageCommand,
  BatchMeterUsage: (input: never) =>
    new BatchMeterUsageCommand(input) as unknown as MeterUsageCommand,
  ResolveCustomer: (input: never) =>
    new ResolveCustomerCommand(input) as unknown as MeterUsageCommand,
}

for await (const line of createInterface(process.stdin)) {
  const answer = await perform(JSON.parse(line, reviveTimestamp) as Call)
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

async function perform({ operation, region, input }: Call): Promise<CallResult> {
  const client = new MarketplaceMeteringClient(region === undefined ? {} : { region })
  try {
    const { $metadata, ...output } = await client.send(commands[operation](input as never))
    return {
      output,
      status: $metadata.httpStatusCode ?? null,
      requestId: $metadata.requestId ?? null,
    }
  } catch (error) {
    if (!(error instanceof MarketplaceMeteringServiceException)) throw error
    return {
      error: { type: error.constructor.name, code: error.name, message: error.message },
      status: error.$metadata.httpStatusCode ?? null,
      requestId: error.$metadata.requestId ?? null,
    }
  } finally {
    client.destroy()
  }
}

function reviveTimestamp(name: string, value: unknown): unknown {
  return name === 'Timestamp' && typeof value === 'string' ? new Date(value) : value
}
