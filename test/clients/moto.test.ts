import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import {
  BatchMeterUsageCommand,
  MarketplaceMeteringClient,
  type BatchMeterUsageCommandOutput,
} from '@aws-sdk/client-marketplace-metering'
import { expect, onTestFinished, test } from 'vitest'
import { missingTools, moto } from '../../scripts/tools/client-tools.ts'
import { demoProduct } from '../../src/emulator/demo-product.ts'
import { environmentFor } from './driver.ts'
import { startWorld } from './world.ts'

const missing = await missingTools(moto)
if (missing.length > 0) console.warn(`NOT RUN: moto: no ${missing.join(', ')} here`)

/** moto can receive subscribers only inside its process, and does not have the other errors at all. */
test.skipIf(missing.length > 0)(
  'moto and the emulator answer a batch for a former customer the same way',
  { timeout: 600_000 },
  async () => {
    const world = await startWorld('emulator')
    onTestFinished(() => world.close())
    const [ours, theirs] = [await askAt(world.aws.url), await askAt(await startMoto())]
    expect(ours.Results?.map(({ Status }) => Status)).toEqual([
      'CustomerNotSubscribed',
      'CustomerNotSubscribed',
    ])
    expect(withoutIds(ours)).toEqual(withoutIds(theirs))
  },
)

async function askAt(endpoint: string): Promise<BatchMeterUsageCommandOutput> {
  const client = new MarketplaceMeteringClient({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIACLIENT', secretAccessKey: 'secret' },
  })
  const record = {
    CustomerIdentifier: 'formerCustomer01',
    Timestamp: new Date('2026-03-10T09:15:00Z'),
    Quantity: 5,
  }
  try {
    return await client.send(
      new BatchMeterUsageCommand({
        ProductCode: demoProduct.productCode,
        UsageRecords: [
          { ...record, Dimension: 'requests' },
          { ...record, Dimension: 'storage' },
        ],
      }),
    )
  } finally {
    client.destroy()
  }
}

/** moto gives even a refused record an id. AWS documents ids only for metering events. */
function withoutIds({ Results, UnprocessedRecords }: BatchMeterUsageCommandOutput) {
  const results = Results?.map(({ UsageRecord, Status }) => ({ UsageRecord, Status }))
  return { results, UnprocessedRecords }
}

async function startMoto(): Promise<string> {
  const { command } = await moto.install()
  const server = spawn(command, ['-H', '127.0.0.1', '-p', '0'], {
    env: environmentFor(''),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void server.kill())
  for await (const line of createInterface(server.stderr)) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? []
    if (url !== undefined) {
      server.stderr.resume()
      return url
    }
  }
  throw new Error('moto ended before it listened')
}
