import type { Product } from '../../../src/product/product.ts'
import type { Route } from '../../../src/product/routes.ts'
import type { Entitlement } from '../../../src/entitlement/entitlement-state.ts'
import {
  startEntitlement,
  type StartEntitlementOptions,
} from '../../../src/entitlement/prove-entitlement.ts'
import { Events } from '../../../src/kernel/events.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { createRsaKey, ScriptedMetering, signToken } from './support.ts'

const newKey = createRsaKey()
export const oldKey = createRsaKey()

export function productWith(route: Route): Product {
  return {
    productCode: 'prod1',
    route,
    publicKeys: new Map([
      [1, oldKey.pem],
      [2, newKey.pem],
    ]),
    dimensions: [
      { name: 'requests', unit: undefined, divisor: 1n },
      { name: 'bytes', unit: undefined, divisor: 1n },
    ],
  }
}

/** Answers a registration as AWS does; `claims` change what it signs. */
export function registered(
  claims: Readonly<Record<string, unknown>> = {},
  rotationAt?: number,
  key = newKey,
) {
  return (request: { nonce: string; productCode: string; publicKeyVersion: number }) => {
    const { nonce, productCode, publicKeyVersion } = request
    const signature = signToken(key, { nonce, productCode, publicKeyVersion, ...claims })
    return { ok: true, value: { signature, publicKeyRotationAt: rotationAt } } as const
  }
}

/** Everything around one proof of entitlement, moved by hand. */
export class ProofBench {
  readonly api = new ScriptedMetering()
  readonly clock = new ManualClock('2026-03-10T09:15:00Z')
  readonly timers = new ManualClock()
  readonly stop = new AbortController()
  readonly rotations: number[] = []
  readonly #recorded = createRecordedLog()
  #nonces = 0

  /** Names of the events that were logged as warnings. */
  get warnings(): string[] {
    return this.#recorded.lines.flatMap(({ level, event }) => (level === 'warn' ? [event] : []))
  }

  async start(route: Route, more: Partial<StartEntitlementOptions> = {}): Promise<Entitlement> {
    const events = new Events()
    events.on('publicKeyRotation', ({ at }) => this.rotations.push(at))
    const entitlement = startEntitlement({
      api: this.api,
      product: productWith(route),
      clock: this.clock,
      timers: this.timers,
      events,
      log: this.#recorded.log,
      random: () => 0.5,
      randomBytes: (length) => new Uint8Array(length).fill((this.#nonces += 1)),
      regionDenial: undefined,
      grace: undefined,
      signal: this.stop.signal,
      ...more,
    })
    await this.untilIdle(entitlement)
    return entitlement
  }

  /** Lets `ms` of real time pass and the attempts that come due end. */
  async advance(entitlement: Entitlement, ms: number): Promise<void> {
    await this.timers.advance(ms)
    await this.untilIdle(entitlement)
  }

  /** Signatures are checked on another thread, so turns of the loop cannot be counted. */
  async untilIdle(entitlement: Entitlement): Promise<void> {
    await settle()
    while (!entitlement.known() && this.timers.waiting === 0 && !this.stop.signal.aborted) {
      await settle(1)
    }
  }
}
