import type { Rule } from '../kernel/schema/object-schema.ts'
import { aggregates } from '../metering/account.ts'
import { sourceRule } from './dimension-source.ts'

/** The aggregates that all tasks and pods can have in common: a last value and the time it stood are each one's own. */
const ofAll = aggregates.filter((aggregate) => aggregate !== 'last' && aggregate !== 'integral')

const scopeRule: Rule = {
  check({ name, aggregate = 'sum', scope }, report) {
    if (scope === 'cluster' && !ofAll.some((allowed) => allowed === aggregate))
      report(
        `dimension ${JSON.stringify(name)}: scope cluster needs another aggregate than ${String(aggregate)}; give one of ${ofAll.join(', ')}`,
      )
  },
  json: [
    {
      if: { required: ['scope'], properties: { scope: { const: 'cluster' } } },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: { properties: { aggregate: { enum: ofAll } } },
    },
  ],
}

/** What the members of a dimension need of each other. */
export const dimensionRule: Rule = {
  check(members, report) {
    sourceRule.check(members, report)
    scopeRule.check(members, report)
  },
  json: [...sourceRule.json, ...scopeRule.json],
}
