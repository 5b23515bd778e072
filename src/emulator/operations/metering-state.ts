import type { UsageAllocation } from '../../protocol/fields.ts'

/** A record that AWS would bill. Its key is everything before the quantity. */
export interface EmulatedRecord {
  /** The access key id, which stands for the task or pod; for BatchMeterUsage the customer or licence. */
  readonly resource: string
  readonly region: string
  readonly productCode: string
  readonly dimension: string
  /** Start of the UTC hour, ms. */
  readonly hour: number
  /** Millionths: AWS compares quantities by value, whatever their form. */
  readonly quantity: bigint
  readonly allocations: readonly UsageAllocation[]
  readonly meteringRecordId: string
  readonly clientToken: string | undefined
}

interface UsedToken {
  readonly fingerprint: string
  readonly meteringRecordId: string
}

/** More than any test sends, and little enough for an emulator that runs for weeks. */
const maxTokens = 50_000

/** Everything that the service remembers. The operations decide what that is. */
export class MeteringState {
  readonly #records = new Map<string, EmulatedRecord>()
  readonly #tokens = new Map<string, UsedToken>()
  readonly #regions = new Map<string, string>()
  readonly #registered = new Set<string>()

  records(): readonly EmulatedRecord[] {
    return [...this.#records.values()]
  }

  /** The record that already has the key of `record`. */
  find(record: EmulatedRecord): EmulatedRecord | undefined {
    return this.#records.get(keyOf(record))
  }

  add(record: EmulatedRecord): void {
    this.#records.set(keyOf(record), record)
  }

  token(resource: string, clientToken: string): UsedToken | undefined {
    return this.#tokens.get(JSON.stringify([resource, clientToken]))
  }

  /** The oldest tokens are forgotten when there are too many. */
  useToken(resource: string, clientToken: string, used: UsedToken): void {
    this.#tokens.set(JSON.stringify([resource, clientToken]), used)
    const oldest = this.#tokens.size > maxTokens ? this.#tokens.keys().next().value : undefined
    if (oldest !== undefined) this.#tokens.delete(oldest)
  }

  /** Where a resource runs: where its first call was signed for. */
  homeRegion(resource: string, signedFor: string): string {
    const home = this.#regions.get(resource)
    if (home !== undefined) return home
    this.#regions.set(resource, signedFor)
    return signedFor
  }

  /** Whether RegisterUsage has succeeded for a resource. */
  isRegistered(resource: string): boolean {
    return this.#registered.has(resource)
  }

  register(resource: string): void {
    this.#registered.add(resource)
  }

  clear(): void {
    this.#records.clear()
    this.#tokens.clear()
    this.#regions.clear()
    this.#registered.clear()
  }
}

function keyOf({ resource, region, productCode, dimension, hour }: EmulatedRecord): string {
  return JSON.stringify([resource, region, productCode, dimension, hour])
}
