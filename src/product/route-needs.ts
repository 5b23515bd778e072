import type { ReportMistake } from '../kernel/mistakes.ts'
import type { Rule } from '../kernel/object-schema.ts'
import type { JsonSchema } from '../kernel/schema.ts'
import { routeNames, routeOf, type ProductNeed, type Route } from './routes.ts'

const what = { publicKeys: "the product's public key", dimensions: 'at least one dimension' }

/** Reports what the route needs and the product lacks. `names` are the names that messages use. */
export function checkRouteNeeds(
  route: Route,
  has: Readonly<Record<ProductNeed, boolean>>,
  names: Readonly<Record<ProductNeed, string>>,
  report: ReportMistake,
): void {
  for (const need of routeOf(route).needs) {
    if (!has[need]) report(`${names[need]}: missing; the route ${route} needs ${what[need]}`)
  }
}

/** The same for the members of a product file. */
export const needsRule: Rule = {
  check(members, report) {
    const route = routeNames.find((known) => known === members['route'])
    if (route === undefined) return
    const has = {
      publicKeys: !isEmpty(members['publicKeys']),
      dimensions: !isEmpty(members['dimensions']),
    }
    checkRouteNeeds(route, has, { publicKeys: 'publicKeys', dimensions: 'dimensions' }, report)
  },
  json: [
    needed('publicKeys', { type: 'object', minProperties: 1 }),
    needed('dimensions', { type: 'array', minItems: 1 }),
  ],
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && Object.keys(value ?? {}).length === 0)
}

/** The condition that a route which needs the member has it, and not empty. */
function needed(need: ProductNeed, type: JsonSchema): JsonSchema {
  const needing = routeNames.filter((route) => routeOf(route).needs.includes(need))
  return {
    if: { properties: { route: { enum: needing } }, required: ['route'] },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { required: [need], properties: { [need]: type } },
  }
}
