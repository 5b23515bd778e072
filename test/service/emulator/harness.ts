import {
  MarketplaceMeteringClient,
  MeterUsageCommand,
  RegisterUsageCommand,
  type MeterUsageCommandInput,
} from '@aws-sdk/client-marketplace-metering'
import type { EmulatedCall } from '../../../src/emulator/control/calls.ts'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import {
  createEmulator,
  type Emulator,
  type EmulatorOptions,
} from '../../../src/emulator/emulator-server.ts'
import { createSigningKey } from '../../../src/emulator/signing-key.ts'
import { modelErrors } from '../../../src/protocol/service-errors.ts'
import {
  isOperationName,
  operations,
  type OperationName,
} from '../../../src/protocol/operations.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const signingKey = createSigningKey()

export interface Caller {
  readonly accessKeyId?: string
  readonly region?: string
}

export interface Harness {
  readonly emulator: Emulator
  readonly clock: ManualClock
  readonly url: string
  client(caller?: Caller): MarketplaceMeteringClient
  /** MeterUsage of the demo product, 5 requests now unless `input` says otherwise. */
  meter(input?: Partial<MeterUsageCommandInput>, caller?: Caller): Promise<string | undefined>
  register(caller?: Caller, nonce?: string): Promise<string | undefined>
  /** A JSON body of the control API; POST with a body, GET without one. */
  control(path: string, body?: object): Promise<Record<string, unknown>>
  close(): Promise<void>
}

/** An emulator on a free port whose clock stands at 2026-03-10T09:15:00Z until a test moves it. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Harness> {
  const clock = new ManualClock('2026-03-10T09:15:00Z')
  const emulator = await createEmulator({ clock, signingKey: await signingKey, ...options })
  const { url } = await emulator.listen(0)
  const clients: MarketplaceMeteringClient[] = []
  const harness: Harness = {
    emulator,
    clock,
    url,
    client({ accessKeyId = 'AKIATASK1', region = 'eu-west-1' } = {}) {
      const client = new MarketplaceMeteringClient({
        endpoint: url,
        region,
        maxAttempts: 1,
        credentials: { accessKeyId, secretAccessKey: 'secret' },
      })
      clients.push(client)
      return client
    },
    async meter(input = {}, caller = {}) {
      const answer = await harness.client(caller).send(
        new MeterUsageCommand({
          ProductCode: demoProduct.productCode,
          UsageDimension: 'requests',
          UsageQuantity: 5,
          Timestamp: new Date(emulator.clock.now()),
          ...input,
        }),
      )
      return answer.MeteringRecordId
    },
    async register(caller = {}, nonce = 'nonce') {
      const answer = await harness.client(caller).send(
        new RegisterUsageCommand({
          ProductCode: demoProduct.productCode,
          PublicKeyVersion: 1,
          Nonce: nonce,
        }),
      )
      return answer.Signature
    },
    async control(path, body) {
      const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
      const response = await fetch(`${url}/_emulator/${path}`, init)
      return (await response.json()) as Record<string, unknown>
    },
    async close() {
      for (const client of clients) client.destroy()
      await emulator.close()
    },
  }
  return harness
}

/**
 * Closes the emulator, and throws when an operation answered with an error that the model has only for
 * others: AWS cannot have a rule that requires it.
 */
export async function closeChecked(harness: Harness): Promise<void> {
  const { calls } = (await harness.control('calls')) as { calls: readonly EmulatedCall[] }
  await harness.close()
  for (const { operation, outcome } of calls) {
    if (!isOperationName(operation ?? '') || !(outcome in modelErrors)) continue
    const { errors } = operations[operation as OperationName]
    if (!errors.some((name) => name === outcome)) {
      throw new Error(`${operation} has answered ${outcome}, which its model does not have`)
    }
  }
}

/** Returns the error name and HTTP status with which a call fails. */
export async function failureOf(call: Promise<unknown>): Promise<{ name: string; status: number }> {
  try {
    await call
  } catch (error) {
    const { name, $metadata } = error as {
      name: string
      $metadata?: { httpStatusCode?: number }
    }
    return { name, status: $metadata?.httpStatusCode ?? 0 }
  }
  throw new Error('the call succeeded')
}
