import { demoProduct } from '../../src/emulator/demo-product.ts'
import type { ServiceErrorName } from '../../src/protocol/errors.ts'
import type { Call } from './call.ts'
import type { TargetName } from './world.ts'

/** What a client does, and what it must see of it. */
export interface ClientCase {
  readonly name: string
  /** Both when absent. */
  readonly only?: TargetName
  /** Languages that cannot say this at all, by their key in scripts/tools/client-tools.ts. */
  readonly not?: readonly string[]
  /** For the emulator's control API: path and body. */
  readonly prepare?: readonly (readonly [path: string, body: object])[]
  readonly calls: readonly Call[]
  /** The server works, but its first answer is lost on the way. */
  readonly loses?: true
  /** The error of the last call; all other calls, and this one when absent, succeed. */
  readonly error?: ServiceErrorName
  /** A part of the output of the last call. */
  readonly output?: object
  /** The last call gives a token with this nonce, signed with the emulator's key. */
  readonly nonce?: string
  /** All calls give the same MeteringRecordId. */
  readonly sameRecord?: true
  /** Requests that all calls make together: more than one for a call that the SDK repeats. */
  readonly requests?: number
  /** Units that were taken; 0 when absent. */
  readonly counts?: number
}

export const now = '2026-03-10T09:15:00Z'

/** MeterUsage of 5 requests now. */
export function meter(members: object = {}, call: Partial<Call> = {}): Call {
  const { productCode: ProductCode } = demoProduct
  return {
    operation: 'MeterUsage',
    ...call,
    input: {
      ProductCode,
      UsageDimension: 'requests',
      UsageQuantity: 5,
      Timestamp: now,
      ...members,
    },
  }
}

/** RegisterUsage with a nonce that no other case uses. */
export function register(nonce: string, members: object = {}, call: Partial<Call> = {}): Call {
  const { productCode: ProductCode, publicKeyVersion: PublicKeyVersion } = demoProduct
  return {
    operation: 'RegisterUsage',
    ...call,
    input: { ProductCode, PublicKeyVersion, Nonce: nonce, ...members },
  }
}

/** BatchMeterUsage of 5 requests for each of `records`. */
export function batch(records: readonly object[], members: object = {}): Call {
  return {
    operation: 'BatchMeterUsage',
    input: {
      ProductCode: demoProduct.productCode,
      UsageRecords: records.map((record) => ({
        Timestamp: now,
        Dimension: 'requests',
        Quantity: 5,
        ...record,
      })),
      ...members,
    },
  }
}

/** ResolveCustomer of a token. */
export function resolve(RegistrationToken: string): Call {
  return { operation: 'ResolveCustomer', input: { RegistrationToken } }
}

/**
 * An error of AWS for the next calls of an operation. One that SDKs do not repeat must come more than
 * once all the same: the SDK for JavaScript repeats a call when AWS's clock is far from its own, and
 * the emulated one is.
 */
export function fault(
  operation: string,
  error: ServiceErrorName,
  times = 1,
): readonly ['faults', object] {
  return ['faults', { operation, error, times }]
}
