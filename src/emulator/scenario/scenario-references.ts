import { ControlInputError, faultOf } from '../control/control-input.ts'
import type { ReportMistake } from './check-scenario.ts'
import type { Fault } from '../control/faults.ts'
import type { Scenario } from './scenario-schema.ts'

/** Reports what is wrong between the parts of a scenario whose parts are well. */
export function checkReferences(scenario: Scenario, report: ReportMistake): void {
  const { products, buyers = [], tasks = [], customers = [], faults = [] } = scenario
  const codes = products.map(({ code }) => code)
  const ids = buyers.map(({ id }) => id)
  const everyToken = customers.flatMap(({ validTokens = [], expiredTokens = [] }) => [
    ...validTokens,
    ...expiredTokens,
  ])
  reportTwice('products', 'code', codes, report)
  reportTwice('buyers', 'id', ids, report)
  reportTwice('tasks', 'accessKeyId', fieldOf(tasks, 'accessKeyId'), report)
  reportTwice('customers', 'licenseArn', fieldOf(customers, 'licenseArn'), report)
  reportTwice('customers', 'registration token', everyToken, report)
  const known = (path: string, name: string | undefined, names: readonly string[]) => {
    if (name === undefined || names.includes(name)) return
    report(
      `${path}: nothing is named ${JSON.stringify(name)}; there is ${names.join(', ') || 'none'}`,
    )
  }
  for (const [index, product] of products.entries()) {
    checkProduct(`products[${index}]`, product, report)
  }
  for (const [index, buyer] of buyers.entries()) {
    for (const code of buyer.products ?? []) known(`buyers[${index}].products`, code, codes)
  }
  for (const [index, { buyer }] of tasks.entries()) known(`tasks[${index}].buyer`, buyer, ids)
  for (const [index, customer] of customers.entries()) {
    known(`customers[${index}].productCode`, customer.productCode, codes)
    const { licenseStartsAt = -Infinity, licenseEndsAt = Infinity } = customer
    if (licenseStartsAt >= licenseEndsAt) {
      report(`customers[${index}].licenseEndsAt must be after licenseStartsAt`)
    }
  }
  for (const [index, fault] of faults.entries()) {
    try {
      toFault(fault)
    } catch (error) {
      if (!(error instanceof ControlInputError)) throw error
      report(`faults[${index}]: ${error.message}`)
    }
  }
}

/** The fault that an entry of `faults` is, as the control API would understand it. */
export function toFault(entry: object): Fault {
  return faultOf(new Map<string, unknown>(Object.entries(entry)))
}

function checkProduct(
  path: string,
  { route, dimensions = [], publicKeyVersions = [] }: Scenario['products'][number],
  report: ReportMistake,
): void {
  if (route !== 'hourly' && dimensions.length === 0) {
    report(`${path}.dimensions is missing: the route ${route ?? 'both'} needs one at least`)
  }
  const sorted = publicKeyVersions.toSorted((a, b) => a - b)
  if (sorted.some((version, index) => version !== publicKeyVersions[index])) {
    report(`${path}.publicKeyVersions must go up, the newest last`)
  }
}

function reportTwice(
  section: string,
  field: string,
  names: readonly string[],
  report: ReportMistake,
): void {
  const twice = names.filter((name, index) => names.indexOf(name) !== index)
  for (const name of new Set(twice)) {
    report(`${section}: the ${field} ${JSON.stringify(name)} is there twice; remove one`)
  }
}

function fieldOf<K extends string>(
  items: readonly Readonly<Record<K, string>>[],
  field: K,
): readonly string[] {
  return items.map((item) => item[field])
}
