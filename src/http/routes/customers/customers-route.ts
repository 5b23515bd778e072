import { bodyMembers } from '../body-members.ts'
import type { FastifyInstance } from 'fastify'
import { isoOrNull } from '../../../kernel/clock.ts'
import { SidecarError } from '../../../kernel/errors.ts'
import { acceptedUntil, batchMeterUsageWindow } from '../../../metering/record/record-window.ts'
import {
  customerKeyPattern,
  customerKeyRule,
  type CustomerNames,
} from '../../../metering/customer.ts'
import { customerNameForms } from '../../../metering/customer-name-forms.ts'
import { withoutBody } from '../../../sources/without-body.ts'
import type { CustomerSummary, CustomerUsage } from '../../../store/customer-summary.ts'
import type { CustomerAnswer, CustomerUsageAnswer } from '../answers.ts'
import type { CustomerDesk } from './customer-desk.ts'
import { parseEvent } from './parse-event.ts'
import { fractionBody, heldBody, hourBody, recordBody } from '../usage-bodies.ts'

export const longestToken = 4096
export const customersPerPage = 100

const customersPath = '/v1/customers'
const customerPath = '/v1/customers/:key'
const customerEndPath = '/v1/customers/:key/end'
const eventsPath = '/v1/events'

interface KeyParams {
  readonly Params: { readonly key: string }
}

/** The routes for the customers of a SaaS product. Without a desk the product has none. */
export function customerRoutes(app: FastifyInstance, desk: CustomerDesk | undefined): void {
  const open = (): CustomerDesk => {
    if (desk !== undefined) return desk
    throw new SidecarError(
      'NoCustomers',
      'The route of this product is not saas: the buyer is the one who runs the task or pod. Leave the customer out.',
    )
  }

  app.post(customersPath, async ({ body }) => {
    const { key, registrationToken } = bodyMembers(body, ['key', 'registrationToken'])
    const customer = checkKey(key)
    if (
      typeof registrationToken !== 'string' ||
      registrationToken === '' ||
      registrationToken.length > longestToken
    )
      throw new SidecarError(
        'InvalidRequest',
        `registrationToken must be the text that the browser delivered, 1 to ${longestToken} characters.`,
      )
    return answerOf(customer, await open().registerByToken(customer, registrationToken))
  })

  app.put<KeyParams>(customerPath, async ({ params, body }) => {
    const customer = checkKey(params.key)
    const members = bodyMembers(body, ['accountId', 'licenseArn', 'identifier'])
    return answerOf(customer, await open().register(customer, checkNames(members)))
  })

  app.get(customersPath, async ({ query }) => {
    const { after = '', limit } = query as { after?: unknown; limit?: unknown }
    if (typeof after !== 'string' || !(after === '' || customerKeyPattern.test(after)))
      throw invalidQuery()
    const most = limit === undefined ? customersPerPage : Number(limit)
    if (!(Number.isInteger(most) && most >= 1 && most <= customersPerPage)) throw invalidQuery()
    const customers = await open().list(after, most)
    const last = customers.length < most ? undefined : customers.at(-1)
    return {
      customers: customers.map(({ customer, registration }) => answerOf(customer, registration)),
      next: last?.customer ?? null,
    }
  })

  app.get<KeyParams>(customerPath, async ({ params }) =>
    usageAnswerOf(await open().usage(checkKey(params.key))),
  )

  app.delete<KeyParams>(customerPath, withoutBody, async ({ params }) => {
    const key = checkKey(params.key)
    await open().delete(key)
    return { key, deleted: true }
  })

  app.post<KeyParams>(customerEndPath, withoutBody, async ({ params }) => {
    const customer = checkKey(params.key)
    return answerOf(customer, await open().end(customer))
  })

  app.post(eventsPath, async ({ body }) => ({ result: await open().applyEvent(parseEvent(body)) }))
}

/** Throws InvalidCustomer. */
function checkKey(key: unknown): string {
  if (typeof key === 'string' && customerKeyPattern.test(key)) return key
  throw new SidecarError('InvalidCustomer', customerKeyRule)
}

function checkNames(members: Readonly<Record<string, unknown>>): CustomerNames {
  for (const [name, form] of Object.entries(customerNameForms)) {
    const value = members[name]
    if (value !== undefined && !(typeof value === 'string' && form.test(value)))
      throw new SidecarError(
        'InvalidRequest',
        `${name} is not a name that AWS gives a customer: accountId has digits, licenseArn begins with arn:aws, identifier has visible ASCII characters.`,
      )
  }
  return members
}

function invalidQuery(): SidecarError {
  return new SidecarError(
    'InvalidRequest',
    `limit must be a whole number from 1 to ${customersPerPage}, and after must be the value of "next" of the previous page.`,
  )
}

function answerOf(key: string, registration: CustomerSummary['registration']): CustomerAnswer {
  const names = registration?.names
  return {
    key,
    registered: registration !== undefined,
    active: registration !== undefined && registration.endedAt === undefined,
    billedBy: registration?.identity.form ?? null,
    accountId: names?.accountId ?? null,
    licenseArn: names?.licenseArn ?? null,
    identifier: names?.identifier ?? null,
    registeredAt: isoOrNull(registration?.createdAt),
    endedAt: isoOrNull(registration?.endedAt),
  }
}

function usageAnswerOf(usage: CustomerUsage): CustomerUsageAnswer {
  const { customer, registration, open, fractions, held, pending, settled } = usage
  return {
    ...answerOf(customer, registration),
    open: open.map(hourBody),
    fractions: fractions.map(fractionBody),
    held: held.map((each) => heldBody(each, acceptedUntil(batchMeterUsageWindow, each.hour))),
    pending: pending.map((record) =>
      recordBody(record, batchMeterUsageWindow.end(record.timestamp)),
    ),
    settled: settled.map((record) => recordBody(record)),
  }
}
