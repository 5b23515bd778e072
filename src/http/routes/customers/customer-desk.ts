import type { CustomerNames, Registration } from '../../../metering/customer.ts'
import type { CustomerSummary, CustomerUsage } from '../../../store/customer-summary.ts'
import type { AwsEvent } from './parse-event.ts'

/** The customers of a SaaS product, as the routes see them. Changes resolve when they are on disk. */
export interface CustomerDesk {
  /**
   * Has AWS resolve the token, and registers the customer under the key. Rejects as `register` does, and with
   * RegistrationTokenInvalid, RegistrationTokenExpired, RegistrationUnavailable, TooManyRegistrations,
   * CustomerOfAnotherProduct.
   */
  registerByToken(customer: string, token: string): Promise<Registration>
  /** Rejects with CustomerNamesIncomplete, CustomerIdentityTaken, InvalidCustomer. */
  register(customer: string, names: CustomerNames): Promise<Registration>
  /** Customers in the order of their keys, from the one behind `after` on. */
  list(after: string, limit: number): Promise<readonly CustomerSummary[]>
  /** Where the usage of a customer is. Rejects with CustomerNotFound. */
  usage(customer: string): Promise<CustomerUsage>
  /** Ends every licence of a customer: what is unsent is sent at once. Rejects with CustomerNotFound. */
  end(customer: string): Promise<Registration>
  /** Rejects with CustomerNotFound, CustomerNotSettled. */
  delete(customer: string): Promise<void>
  /** `ignored` for a customer that is not registered, and for an event that changes nothing. */
  applyEvent(event: AwsEvent): Promise<'accepted' | 'duplicate' | 'ignored'>
}
