import { fail, succeed } from '../../kernel/result.ts'
import { faultOf } from '../control/control-input.ts'
import type { Fault } from '../control/faults.ts'
import type { Checked } from './check-scenario.ts'
import type { Scenario } from './scenario-schema.ts'

/** Returns the mistakes between the parts of a scenario. Each part by itself is already checked. */
export function referenceMistakes(scenario: Scenario): readonly string[] {
  const { products, buyers = [], tasks = [], customers = [] } = scenario
  const codes = products.map(({ code }) => code)
  const ids = buyers.map(({ id }) => id)
  const everyToken = customers.flatMap(({ validTokens = [], expiredTokens = [] }) => [
    ...validTokens,
    ...expiredTokens,
  ])
  return [
    ...duplicates('products', 'code', codes),
    ...duplicates('buyers', 'id', ids),
    ...duplicates('tasks', 'accessKeyId', fieldOf(tasks, 'accessKeyId')),
    ...duplicates('customers', 'licenseArn', fieldOf(customers, 'licenseArn')),
    ...duplicates('customers', 'registration token', everyToken),
    ...products.flatMap((product, index) => productMistakes(`products[${index}]`, product)),
    ...buyers.flatMap((buyer, index) =>
      (buyer.products ?? []).flatMap((code) => unknown(`buyers[${index}].products`, code, codes)),
    ),
    ...tasks.flatMap(({ buyer }, index) => unknown(`tasks[${index}].buyer`, buyer, ids)),
    ...customers.flatMap((customer, index) =>
      customerMistakes(`customers[${index}]`, customer, codes),
    ),
  ]
}

/** Builds faults from the entries of `faults`, as the control API does. */
export function faultsOf({ faults = [] }: Scenario): Checked<readonly Fault[]> {
  const results = faults.map((entry) => faultOf(entry))
  const mistakes = results.flatMap((result, index) =>
    result.ok ? [] : [`faults[${index}]: ${result.failure}`],
  )
  return mistakes.length > 0
    ? fail(mistakes)
    : succeed(results.flatMap((result) => (result.ok ? [result.value] : [])))
}

function productMistakes(
  path: string,
  { route, dimensions = [], publicKeyVersions = [] }: Scenario['products'][number],
): readonly string[] {
  const sorted = publicKeyVersions.toSorted((a, b) => a - b)
  return [
    ...(route !== 'hourly' && dimensions.length === 0
      ? [`${path}.dimensions is missing: the route ${route ?? 'both'} needs at least one`]
      : []),
    ...(sorted.some((version, index) => version !== publicKeyVersions[index])
      ? [`${path}.publicKeyVersions must go up, the newest last`]
      : []),
  ]
}

function customerMistakes(
  path: string,
  customer: NonNullable<Scenario['customers']>[number],
  codes: readonly string[],
): readonly string[] {
  const { productCode, licenseStartsAt = -Infinity, licenseEndsAt = Infinity } = customer
  return [
    ...unknown(`${path}.productCode`, productCode, codes),
    ...(licenseStartsAt >= licenseEndsAt
      ? [`${path}.licenseEndsAt must be after licenseStartsAt`]
      : []),
  ]
}

function unknown(
  path: string,
  name: string | undefined,
  names: readonly string[],
): readonly string[] {
  if (name === undefined || names.includes(name)) return []
  const known = names.join(', ') || 'none'
  return [`${path}: nothing is named ${JSON.stringify(name)}; there is ${known}`]
}

function duplicates(section: string, field: string, names: readonly string[]): readonly string[] {
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index))
  return [...twice].map(
    (name) => `${section}: the ${field} ${JSON.stringify(name)} appears twice; remove one`,
  )
}

function fieldOf<K extends string>(
  items: readonly Readonly<Record<K, string>>[],
  field: K,
): readonly string[] {
  return items.map((item) => item[field])
}
