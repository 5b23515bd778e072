import type { ReportMistake } from '../kernel/schema/mistakes.ts'
import type { Rule } from '../kernel/schema/object-schema.ts'
import { isObject, type Members } from '../kernel/is-object.ts'
import type { JsonSchema } from '../kernel/schema/schema.ts'
import { awsLimits } from '../metering/aws-limits.ts'
import {
  buyerRoutes,
  hasCustomers,
  routeNames,
  routeOf,
  type ProductNeed,
  type Route,
} from './routes.ts'

const what = {
  publicKeys: "the product's public key",
  dimensions: 'at least one dimension',
  region: 'the region of its records',
  customerIds: 'what AWS bills its customers by',
}

/** What names each need in a product file. */
const ownNames = {
  publicKeys: 'publicKeys',
  dimensions: 'dimensions',
  region: 'region',
  customerIds: 'customerIds',
}

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
      region: members['region'] !== undefined,
      customerIds: members['customerIds'] !== undefined,
    }
    checkRouteNeeds(route, has, ownNames, report)
    checkDimensions(route, members['dimensions'], report)
  },
  json: [
    needed('publicKeys', { type: 'object', minProperties: 1 }),
    needed('dimensions', { type: 'array', minItems: 1 }),
    needed('region', { type: 'string' }),
    needed('customerIds', { type: 'string' }),
    {
      if: { properties: { route: { enum: buyerRoutes } } },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: { properties: { dimensions: { maxItems: awsLimits.containerDimensions } } },
    },
  ],
}

/** A SaaS product may have more dimensions; each report of one is an amount of a customer. */
function checkDimensions(route: Route, dimensions: unknown, report: ReportMistake): void {
  if (!Array.isArray(dimensions)) return
  const count = dimensions.length
  if (!hasCustomers(route)) {
    if (count > awsLimits.containerDimensions) report(`dimensions: ${tooManyDimensions(count)}`)
    return
  }
  for (const [index, each] of dimensions.entries()) {
    const { aggregate = 'sum', scope, from }: Members = isObject(each) ? each : {}
    if (aggregate !== 'sum')
      report(
        `dimensions[${index}].aggregate: the route ${route} adds up amounts; give sum, or remove it`,
      )
    if (scope !== undefined)
      report(
        `dimensions[${index}].scope: on the route ${route} a record always holds what all replicas report of a customer; remove it`,
      )
    if (from !== undefined)
      report(
        `dimensions[${index}].from: no source names a customer; remove it, and report the usage with POST /v1/usage`,
      )
  }
}

/** The mistake of a list that is too long for a product which the buyer runs. */
export function tooManyDimensions(count: number, most: number = awsLimits.containerDimensions) {
  return `${count} dimensions; AWS allows at most ${most} a product`
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
