import type { CustomerAnswer, CustomersAnswer } from '../src/http/routes/answers.ts'
import { byId, element, setText, showWhenChanged } from './dom.ts'
import { showCount, showTime } from './format.ts'

/** Shows the first page of customers; undefined where the product has none. */
export function showCustomers(answer: CustomersAnswer | undefined, now: number): void {
  byId('customers-card').hidden = answer === undefined
  if (answer === undefined) return
  const { customers, next } = answer
  setText(
    byId('customers-count'),
    next === null
      ? showCount(customers.length, 'customer')
      : `The first ${customers.length}; /v1/customers?after=${encodeURIComponent(next)} has more.`,
  )
  showWhenChanged(byId('customers'), customers, () =>
    customers.length === 0 ? [emptyRow()] : customers.map((customer) => rowOf(customer, now)),
  )
}

function rowOf(customer: CustomerAnswer, now: number): HTMLTableRowElement {
  const { key, billedBy, registeredAt } = customer
  return element(
    'tr',
    { 'data-customer': key },
    element('th', { scope: 'row' }, key),
    element('td', { class: stateOf(customer) }, words[stateOf(customer)]),
    element('td', {}, registeredAt === null ? '' : showTime(Date.parse(registeredAt), now)),
    element('td', { class: 'name' }, billedBy === null ? '' : (namesOf(customer)[billedBy] ?? '')),
  )
}

const words = {
  active: 'Active',
  ended: 'Licence ended',
  unknown: 'Not registered: its usage waits',
} as const

function stateOf({ registered, active }: CustomerAnswer): keyof typeof words {
  if (!registered) return 'unknown'
  return active ? 'active' : 'ended'
}

function namesOf({ accountId, licenseArn, identifier }: CustomerAnswer) {
  return { account: accountId, 'license-arn': licenseArn, identifier }
}

function emptyRow(): HTMLTableRowElement {
  return element(
    'tr',
    {},
    element('td', { colspan: '4' }, 'None yet: register them with POST /v1/customers'),
  )
}
