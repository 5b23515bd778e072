import { accountsRemembered, RecentMap } from '../../kernel/recent-map.ts'
import type { Account } from '../../metering/account.ts'
import { slotName, slotOf, type Slot } from '../../metering/slot.ts'

/** A slot, with a text to compare it by. */
export interface NamedSlot {
  readonly slot: Slot
  /** Equal for equal slots. */
  readonly name: string
}

/** The slots that accounts have when one task or pod seals them, made once for those in use. */
export class AccountSlots {
  readonly resource: string
  readonly #slots = new RecentMap<string, NamedSlot>(accountsRemembered)

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
