import type { MeteringApi, MeteringFailure } from '../aws/metering-api.ts'
import type { CustomerDesk } from '../http/routes/customers/customer-desk.ts'
import { Allowance } from '../kernel/allowance.ts'
import type { Clock } from '../kernel/clock.ts'
import { SidecarError } from '../kernel/errors.ts'
import type { CustomerBook } from '../ledger/customers/customer-book.ts'
import type { CustomerNames } from '../metering/customer.ts'
import { notNamesOfAws, resolvedNames } from '../protocol/resolved-names.ts'

/** AWS allows an account 10 a second, for everything that it runs. */
const resolved = { burst: 10, refillMs: 1000 }

interface DeskOptions {
  /** Undefined where the product has no customers. */
  readonly book: CustomerBook | undefined
  readonly api: Pick<MeteringApi, 'forward'>
  readonly productCode: string
  /** Real time. */
  readonly timers: Clock
  /** Called when usage can have become due: of a customer who is registered, or whose licence has ended. */
  readonly onChange: () => void
}

/** Puts AWS and the book behind the requests for customers. */
export function createCustomerDesk(options: DeskOptions): CustomerDesk | undefined {
  const { book, timers, onChange } = options
  if (book === undefined) return undefined
  const allowance = new Allowance(resolved, timers)
  const changed = async <T>(change: Promise<T>): Promise<T> => {
    const result = await change
    onChange()
    return result
  }
  return {
    async registerByToken(customer, token) {
      const waitMs = allowance.use()
      if (waitMs > 0) throw tooMany(Math.ceil(waitMs / 1000))
      const names = await resolve(options, token)
      return changed(book.register({ customer, names, reactivates: true }))
    },
    register: (customer, names) => changed(book.register({ customer, names, reactivates: false })),
    list: (after, limit) => book.list(after, limit),
    usage: (customer) => book.usage(customer),
    end: (customer) => changed(book.end(customer)),
    delete: (customer) => book.delete(customer),
    async applyEvent({ change, ...event }) {
      return change === undefined ? 'ignored' : changed(book.apply({ ...event, change }))
    },
  }
}

/** The names of the customer who brought a token, which goes into no message and no log. */
async function resolve({ api, productCode }: DeskOptions, token: string): Promise<CustomerNames> {
  const answer = await api.forward('ResolveCustomer', JSON.stringify({ RegistrationToken: token }))
  if (!answer.ok) throw notResolved(answer.failure)
  const named = 'ProductCode' in answer.value ? answer.value.ProductCode : undefined
  if (typeof named !== 'string' || named === '')
    throw unavailable(
      'ResolveCustomer was answered with success but without a product, so nothing was registered. Find out what answers in AWS’s place.',
    )
  if (named !== productCode)
    throw new SidecarError(
      'CustomerOfAnotherProduct',
      'AWS names another product for this registration token, so nothing was registered. Compare productCode of the product file with the listing that the customer came from.',
    )
  const names = resolvedNames(answer.value)
  if (names === undefined) throw unavailable(notNamesOfAws)
  return names
}

function notResolved({ code, advice }: MeteringFailure): SidecarError {
  if (code === 'InvalidTokenException')
    return new SidecarError(
      'RegistrationTokenInvalid',
      'AWS does not know the registration token. Send it exactly as the browser delivered it, URL-decoded once.',
    )
  if (code === 'ExpiredTokenException')
    return new SidecarError(
      'RegistrationTokenExpired',
      'The registration token is older than four hours. Ask the customer to choose "Set up your account" in AWS Marketplace again.',
    )
  return unavailable(`ResolveCustomer failed with ${code}, so nothing was registered. ${advice}`)
}

function unavailable(message: string): SidecarError {
  return new SidecarError('RegistrationUnavailable', message, { retryAfterSeconds: 5 })
}

function tooMany(retryAfterSeconds: number): SidecarError {
  return new SidecarError(
    'TooManyRegistrations',
    'Too many registration tokens came at once. Repeat the request as late as Retry-After says.',
    { retryAfterSeconds },
  )
}
