import type { OperationName } from '../../protocol/operations.ts'

export type FaultEffect =
  | { readonly kind: 'error'; readonly name: string; readonly message: string }
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** The connection dies: before the operation has its effect, or after it, without an answer. */
  | { readonly kind: 'drop'; readonly moment: 'before' | 'after' }

export interface Fault {
  readonly operation: OperationName | '*'
  /** How many calls it affects. */
  readonly times: number
  readonly effect: FaultEffect
}

/** The faults to come. They are used up in the order in which they were added, one per call. */
export class FaultScript {
  readonly #atStart: readonly Fault[]
  #entries: Fault[]

  constructor(atStart: readonly Fault[] = []) {
    this.#atStart = atStart
    this.#entries = [...atStart]
  }

  add(fault: Fault): void {
    this.#entries.push(fault)
  }

  /** Takes the effect for the next call of `operation`, if there is one. */
  take(operation: OperationName): FaultEffect | undefined {
    const index = this.#entries.findIndex(
      (fault) => fault.operation === '*' || fault.operation === operation,
    )
    const fault = this.#entries[index]
    if (fault === undefined) return undefined
    this.#entries = this.#entries.flatMap((entry, position) => {
      if (position !== index) return [entry]
      return entry.times > 1 ? [{ ...entry, times: entry.times - 1 }] : []
    })
    return fault.effect
  }

  /** Restores the faults of the start. */
  reset(): void {
    this.#entries = [...this.#atStart]
  }
}
