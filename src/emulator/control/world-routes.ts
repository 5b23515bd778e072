import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sleep, type Clock } from '../../kernel/clock.ts'
import { demoCustomers } from '../demo-product.ts'
import type { EmulatedCustomer, EmulatedProduct } from '../marketplace.ts'
import type { Metering } from '../operations/metering-rules.ts'
import type { ProductKeys } from '../product-keys.ts'
import { parseEventRequest, parseProduct, type ControlInput } from './control-input.ts'
import { customerAfter, deliver, eventBody } from './licence-events.ts'

export interface WorldParts {
  readonly metering: Metering
  /** The lists of `metering`, to change. */
  readonly products: EmulatedProduct[]
  readonly customers: EmulatedCustomer[]
  readonly keys: ProductKeys
  /** Measures pauses; the metering clock may run faster. */
  readonly delayClock: Clock
  readonly closing: AbortSignal
}

/** Adds the routes that change who sells and who buys: products, and the licences of customers. */
export function addWorldRoutes(app: FastifyInstance, parts: WorldParts): void {
  const { metering, products, customers, keys, delayClock, closing } = parts
  app.post('/_emulator/products', (request, reply) =>
    withBody(request, reply, parseProduct, async ({ productCode, dimensions, route }) => {
      const publicKeyVersion = 1
      const product = { productCode, dimensions, route, publicKeyVersion }
      const index = products.findIndex((each) => each.productCode === productCode)
      products.splice(index === -1 ? products.length : index, index === -1 ? 0 : 1, product)
      const publicKeyPem = (await keys.add(productCode, publicKeyVersion)).publicKeyPem
      for (const customer of demoCustomers(productCode))
        if (!customers.some(({ licenseArn }) => licenseArn === customer.licenseArn))
          customers.push(customer)
      const own = customers.filter((customer) => customer.productCode === productCode)
      return { productCode, publicKeyVersion, publicKeyPem, customers: own }
    }),
  )
  app.get('/_emulator/customers', () => ({ customers }))
  app.post('/_emulator/events', (request, reply) =>
    withBody(request, reply, parseEventRequest, async ({ type, licenseArn, times }) => {
      const index = customers.findIndex((each) => each.licenseArn === licenseArn)
      const customer = customers[index]
      if (customer === undefined)
        return reply.code(404).send({ error: 'no customer has this licence' })
      const now = metering.clock.now()
      customers[index] = customerAfter(customer, type, now)
      const event = eventBody(type, customer, { id: metering.randomUuid(), now })
      const { eventsUrl: url, eventsToken: token } = metering.settings
      const statuses: number[] = []
      const pause = (ms: number) => sleep(delayClock, ms, closing)
      if (url !== undefined)
        for (let time = 0; time < times; time += 1)
          statuses.push(await deliver({ url, token }, event, pause))
      return { event, statuses }
    }),
  )
}

function withBody<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  parse: (body: string) => ControlInput<T>,
  act: (input: T) => Promise<object>,
): Promise<object> | object {
  const input = parse(typeof request.body === 'string' ? request.body : '')
  return input.ok ? act(input.value) : reply.code(400).send({ error: input.failure })
}
