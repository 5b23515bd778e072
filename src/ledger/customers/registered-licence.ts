import {
  awsKeysOf,
  type CustomerForm,
  type CustomerNames,
  type Registration,
} from '../../metering/customer.ts'
import { laterOf, type LicenceState } from '../../metering/licence.ts'
import type { Page } from '../page/page.ts'

/** Applies what was said of a registration's licence, unless something later was. Returns whether it counts. */
export function learnLicence(page: Page, registration: Registration, state: LicenceState): boolean {
  if (laterOf(licenceOf(page, registration), state) !== state) return false
  page.customers.noteLicence(ownKeysOf(registration), state)
  page.customers.put({ ...registration, endedAt: endOf(state) })
  return true
}

/** Notes what was said of a licence that no customer is registered with, until one is. */
export function learnUnregistered(
  page: Page,
  names: CustomerNames,
  form: CustomerForm,
  state: LicenceState,
): void {
  const keys = awsKeysOf(names, form).slice(0, 1)
  if (laterOf(page.customers.licence(keys), state) !== state) return
  page.customers.noteLicence(keys, state)
}

/** Notes that the licence of a registration has ended or not, whatever was said before. Returns when. */
export function decideLicence(
  page: Page,
  registration: Registration,
  ended: boolean,
  now: number,
): number {
  const before = licenceOf(page, registration)?.at ?? Number.NEGATIVE_INFINITY
  // EventBridge writes whole seconds, and an end in the same second counts.
  const at = Math.max(ended ? now : Math.floor(now / 1000) * 1000, before + 1)
  page.customers.noteLicence(ownKeysOf(registration), { at, ended })
  return at
}

/** When the licence of a registration ended, by all that was said under any of its names. */
export function endOfLicence(page: Page, registration: Registration): number | undefined {
  return endOf(licenceOf(page, registration))
}

function licenceOf(page: Page, registration: Registration): LicenceState | undefined {
  const { names, identity, endedAt } = registration
  const said = page.customers.licence(awsKeysOf(names, identity.form))
  return said ?? (endedAt === undefined ? undefined : { at: endedAt, ended: true })
}

/** The keys that are those of this licence alone: several can share the other names of a customer. */
function ownKeysOf({ names, identity: { form } }: Registration): string[] {
  const keys = awsKeysOf(names, form)
  return form === 'license-arn' ? keys.slice(0, 1) : keys
}

function endOf(state: LicenceState | undefined): number | undefined {
  return state?.ended === true ? state.at : undefined
}
