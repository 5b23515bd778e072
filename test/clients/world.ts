import { demoCustomer, demoProduct } from '../../src/emulator/demo-product.ts'
import { startEmulator, type Harness } from '../service/emulator/harness.ts'
import { startHarness, type SidecarHarness } from '../support/sidecar/sidecar-harness.ts'
import { clientKeyId } from './driver.ts'
import { startLossyProxy, type LossyProxy } from './lossy-proxy.ts'

/** The target of a client: the sidecar in front of an emulated AWS, or the emulator alone. */
export type TargetName = 'front' | 'emulator'

export interface World {
  readonly target: TargetName
  readonly proxy: LossyProxy
  readonly aws: Harness
  /** Only if the target is the front. */
  readonly sidecar: SidecarHarness | undefined
  /** Returns the units counted by MeterUsage, over all dimensions. */
  counted(): Promise<number>
  close(): Promise<void>
}

/** Starts a world at a quarter past nine in the region eu-west-1. */
export async function startWorld(
  target: TargetName,
  settings: Readonly<Record<string, string>> = {},
): Promise<World> {
  const aws = await startEmulator({
    region: 'eu-west-1',
    customers: [
      { ...demoCustomer(demoProduct.productCode), expiredTokens: ['expired-token'] },
      {
        ...demoCustomer(demoProduct.productCode),
        customerIdentifier: 'formerCustomer01',
        customerAwsAccountId: '210987654321',
        registrationTokens: [],
        subscribed: false,
      },
    ],
  })
  if (target === 'emulator') {
    const proxy = await startLossyProxy(aws.url)
    return {
      target,
      proxy,
      aws,
      sidecar: undefined,
      counted: async () => sumOf(recordsOf(await aws.control('records'))),
      async close() {
        proxy.close()
        await aws.close()
      },
    }
  }
  const sidecar = await startHarness({ aws, settings })
  await sidecar.entitled()
  const proxy = await startLossyProxy(`http://127.0.0.1:${sidecar.sidecar.appPort}`)
  return {
    target,
    proxy,
    aws,
    sidecar,
    counted: async () => sumOf((await sidecar.get('/v1/usage')).body['open']),
    async close() {
      proxy.close()
      await sidecar.close()
    },
  }
}

/** Leaves out the records of BatchMeterUsage, which the front does not count. */
function recordsOf(answer: Readonly<Record<string, unknown>>): unknown {
  const records = answer['records'] as readonly { readonly resource: string }[]
  return records.filter(({ resource }) => resource === clientKeyId)
}

function sumOf(rows: unknown): number {
  return (rows as readonly { readonly quantity: string | number }[]).reduce(
    (sum, { quantity }) => sum + Number(quantity),
    0,
  )
}
