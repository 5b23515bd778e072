import type { CustomerNames, Registration } from '../../../metering/customer.ts'
import type { CustomerSummary, CustomerUsage } from '../../../store/customer-summary.ts'
import type { AwsEvent } from './parse-event.ts'

/** The customers of a SaaS product, as the routes see them. Changes resolve when they are on disk. */
export interface CustomerDesk {
  /** Has AWS resolve the token, and registers the customer under the key. */
  registerByToken(customer: string, token: string): Promise<Registration>
  register(customer: string, names: CustomerNames): Promise<Registration>
  list(after: string, limit: number): Promise<readonly CustomerSummary[]>
  usage(customer: string): Promise<CustomerUsage>
  end(customer: string): Promise<Registration>
  delete(customer: string): Promise<void>
  /** `ignored` for a customer that is not registered, and for an event that changes nothing. */
  applyEvent(event: AwsEvent): Promise<'accepted' | 'duplicate' | 'ignored'>
}
