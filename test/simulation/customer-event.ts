import type { Chance } from '../kill/chance.ts'
import { drawEvent, type SimulationEvent } from './event.ts'
import { simulatedCustomers } from './simulated-customers.ts'

const keys = [...simulatedCustomers.keys()]

/** What happens to the sidecar of a SaaS product: the same as to any, with customers. */
export function drawCustomerEvent(chance: Chance): SimulationEvent {
  const customer = chance.pick(keys)
  if (chance.happens(0.12)) return { do: 'register', customer }
  if (chance.happens(0.03)) return { do: 'end-licence', customer }
  if (chance.happens(0.05)) return { do: 'subscribe', customer, subscribed: chance.happens(0.6) }
  const event = drawEvent(chance)
  switch (event.do) {
    case 'report':
    case 'void-usage':
      return { ...event, customer }
    case 'outage':
      // AWS accepts records of customers for a day.
      return { ...event, minutes: event.minutes * chance.pick([1, 1, 4]) }
    case 'die':
    case 'restart':
      // The book is that of the product, whichever pod opens it.
      return { ...event, next: 'same' }
    default:
      return event
  }
}
