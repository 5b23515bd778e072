import { isObject } from '../kernel/is-object.ts'
import type { Rule } from '../kernel/schema/object-schema.ts'
import { show } from '../kernel/schema/mistakes.ts'

/** An earlier name has one name of today: a record that AWS refused can't become two. */
export const replacesRule: Rule = {
  check({ dimensions }, report) {
    const replacing = new Map<string, number>()
    for (const [index, each] of Array.isArray(dimensions) ? dimensions.entries() : []) {
      const names: unknown = isObject(each) ? each['replaces'] : undefined
      for (const name of Array.isArray(names) ? new Set<unknown>(names) : []) {
        if (typeof name !== 'string') continue
        const other = replacing.get(name)
        if (other !== undefined)
          report(
            `dimensions[${index}].replaces: dimensions[${other}] replaces ${show(name)} too; leave it to one of them`,
          )
        replacing.set(name, index)
      }
    }
  },
  json: [],
}
