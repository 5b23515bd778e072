import { demoProduct } from '../../src/emulator/demo-product.ts'
import type { ServiceErrorName } from '../../src/protocol/service-errors.ts'
import type { Call } from './call.ts'
import type { TargetName } from './world.ts'

/** The calls of a client and their expected outcome. */
export interface ClientCase {
  readonly name: string
  /** Both when absent. */
  readonly only?: TargetName
  /** Languages that cannot express this, by their key in scripts/tools/client-tools.ts. */
  readonly not?: readonly string[]
  /** Requests to the emulator's control API: path and body. */
  readonly prepare?: readonly (readonly [path: string, body: object])[]
  readonly calls: readonly Call[]
  /** The server does the work, but its first answer is lost. */
  readonly loses?: true
  /** The error of the last call; all other calls, and this one when absent, succeed. */
  readonly error?: ServiceErrorName
  /** A part of the output of the last call. */
  readonly output?: object
  /** The last call returns a token with this nonce, signed with the emulator's key. */
  readonly nonce?: string
  /** All calls return the same MeteringRecordId. */
  readonly sameRecord?: true
  /** The number of requests of all calls together; a call that the SDK repeats makes more than one. */
  readonly requests?: number
  /** The units that were accepted; 0 when absent. */
  readonly counts?: number
  /** The units that were accepted at the front from a client whose repeats nothing tells from other calls. */
  readonly countsRepeats?: number
}

export const now = '2026-03-10T09:15:00Z'

/** Makes a MeterUsage call of 5 requests now. */
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

/** Makes a RegisterUsage call with a nonce that no other case uses. */
export function register(nonce: string, members: object = {}, call: Partial<Call> = {}): Call {
  const { productCode: ProductCode, publicKeyVersion: PublicKeyVersion } = demoProduct
  return {
    operation: 'RegisterUsage',
    ...call,
    input: { ProductCode, PublicKeyVersion, Nonce: nonce, ...members },
  }
}

/** Makes a BatchMeterUsage call of 5 requests for each of `records`. */
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

/** Makes a ResolveCustomer call. */
export function resolve(RegistrationToken: string): Call {
  return { operation: 'ResolveCustomer', input: { RegistrationToken } }
}

/**
 * Makes AWS fail the next calls of an operation. Even an error that SDKs do not repeat must occur more than
 * once: the SDK for JavaScript repeats a call when AWS's clock is far from its own, and the emulated one is.
 */
export function fault(
  operation: string,
  error: ServiceErrorName,
  times = 1,
): readonly ['faults', object] {
  return ['faults', { operation, error, times }]
}
