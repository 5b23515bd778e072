import type { Account } from '../../metering/account.ts'
import { slotName, slotOf, type Slot } from '../../metering/slot.ts'

export interface NamedSlot {
  readonly slot: Slot
  /** Equal for equal slots. */
  readonly name: string
}

/** The slots that accounts have when one task or pod seals them, each made once. */
export class AccountSlots {
  readonly resource: string
  readonly #slots = new Map<string, NamedSlot>()

  constructor(resource: string) {
    this.resource = resource
  }

  of({ key, name }: Account): NamedSlot {
    const known = this.#slots.get(name)
    if (known !== undefined) return known
    const slot = slotOf(key, this.resource)
    const made = { slot, name: slotName(slot) }
    this.#slots.set(name, made)
    return made
  }
}
