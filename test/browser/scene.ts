import { demoProduct } from '../../src/emulator/demo-product.ts'
import {
  startHarness,
  type SidecarHarness,
  type SidecarOptions,
} from '../support/sidecar/sidecar-harness.ts'

export interface Scene extends SidecarHarness {
  readonly url: string
  report(dimension: string, quantity: number, more?: object): Promise<void>
  /** Sets the outcomes of the next records, in order. */
  fault(effect: object): Promise<unknown>
  /** Ends the hour and waits until AWS has answered this many more records. */
  endHourWith(attempts: number): Promise<void>
}

/** A sidecar with an emulated AWS, and short methods for what the page's tests do with it. */
export async function startScene(options: SidecarOptions = {}): Promise<Scene> {
  const harness = await startHarness(options)
  return {
    ...harness,
    url: `http://127.0.0.1:${harness.sidecar.appPort}/`,
    async report(dimension, quantity, more = {}) {
      const { status, body } = await harness.post({ dimension, quantity, ...more })
      if (status !== 200) throw new Error(`the report was refused: ${JSON.stringify(body)}`)
    },
    fault: (effect) => harness.aws.control('faults', { operation: 'MeterUsage', ...effect }),
    async endHourWith(attempts) {
      const before = harness.emitted('recordAttempted').length
      await harness.endHour()
      await harness.attempts(before + attempts)
    },
  }
}

/** A SaaS product, whose page lists its customers. */
export const saas: SidecarOptions = {
  files: {
    '/product.json': JSON.stringify({
      productCode: demoProduct.productCode,
      route: 'saas',
      region: 'eu-west-1',
      customerIds: 'license-arn',
      dimensions: ['requests', 'storage'],
    }),
  },
  settings: {
    SIDECAR_PRODUCT_FILE: '/product.json',
    SIDECAR_PRODUCT_CODE: undefined,
    SIDECAR_ROUTE: undefined,
    SIDECAR_PUBLIC_KEY_FILE: undefined,
    SIDECAR_DIMENSIONS: undefined,
    SIDECAR_SUBMIT_SPREAD_SECONDS: undefined,
  },
}

/** Registers customers, ends the licence of one, and reports usage, also of one that is not registered. */
export async function playCustomers(scene: Scene): Promise<void> {
  await scene.entitled()
  const call = async (method: string, path: string, body: object = {}) => {
    const headers = { 'content-type': 'application/json' }
    const request = { method, headers, body: JSON.stringify(body) }
    const answer = await fetch(`${scene.url}v1/customers/${path}`, request)
    if (!answer.ok) throw new Error(await answer.text())
  }
  for (const [index, key] of ['acme', 'globex', 'initech'].entries())
    await call('PUT', key, {
      licenseArn: `arn:aws:license-manager::294406891311:license:l-${key}`,
      accountId: `11112222333${index}`,
    })
  await call('POST', 'initech/end')
  await scene.report('requests', 1200, { customer: 'acme' })
  await scene.report('storage', 340, { customer: 'globex' })
  await scene.report('requests', 12, { customer: 'umbrella' })
}

/** Plays two days of a product in use, with a record in every state that needs a person. */
export async function playTwoDays(scene: Scene): Promise<void> {
  await scene.entitled()
  for (let hour = 0; hour < 44; hour += 1) {
    const wave = 60 + Math.round(45 * Math.sin((hour - 8) / 3.8))
    await scene.report('requests', wave * 37 + (hour % 5) * 11)
    await scene.report('storage', 4096 + ((hour * 389) % 1500))
    await scene.endHourWith(2)
  }
  const late = (minutesAgo: number) => ({
    occurredAt: new Date(scene.clock.now() - minutesAgo * 60_000).toISOString(),
  })
  await scene.report('requests', 610, late(20))
  await scene.report('requests', 1400)
  await scene.endHourWith(1)
  await scene.report('requests', 2210)
  await scene.fault({ error: 'AccessDeniedException', message: 'User is not authorized.' })
  await scene.endHourWith(1)
  await scene.report('requests', 1730)
  await scene.fault({ drop: 'after' })
  await scene.fault({ error: 'DuplicateRequestException' })
  await scene.endHourWith(1)
  await scene.clock.advance(5000)
  await scene.attempts(93)
  await scene.report('storage', 3333)
  await scene.fault({ error: 'ThrottlingException', times: 50 })
  await scene.endHourWith(1)
  await scene.clock.advance(19 * 60_000)
  await scene.report('requests', 812.75)
  await scene.report('requests', 95, late(25))
  await scene.report('storage', 2048.5)
}
