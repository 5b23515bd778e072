import type { ReportMistake } from '../kernel/mistakes.ts'
import type { Environment } from './settings.ts'
import { settingsTable } from './settings-table.ts'

const knownNames: readonly string[] = settingsTable.map((row) => row.name)

/** Reports every variable that looks like a setting but is not one, with the name that was probably meant. */
export function reportUnknownNames(env: Environment, report: ReportMistake): void {
  const links = serviceLinkPrefixes(env)
  for (const name of Object.keys(env).toSorted()) {
    if (!/^SIDECAR_/i.test(name) || env[name] === undefined || knownNames.includes(name)) continue
    if (links.some((prefix) => isServiceLink(name, prefix))) continue
    const nearest = nearestName(name)
    report(
      nearest === undefined
        ? `${name}: there is no such setting; remove it`
        : `${name}: there is no such setting; did you mean ${nearest}?`,
    )
  }
}

/**
 * Finds the Services whose variables look like settings. Kubernetes gives every pod variables for each
 * Service of its namespace; no person wrote those of a Service named `sidecar…`, so they are ignored.
 */
function serviceLinkPrefixes(env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => name.endsWith('_SERVICE_HOST'))
    .map((name) => name.slice(0, -'_SERVICE_HOST'.length))
    .filter((prefix) => env[`${prefix}_SERVICE_PORT`] !== undefined)
}

function isServiceLink(name: string, prefix: string): boolean {
  return (
    name.startsWith(`${prefix}_`) &&
    /^(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/.test(
      name.slice(prefix.length + 1),
    )
  )
}

function nearestName(name: string): string | undefined {
  const wanted = name.toUpperCase()
  const [best] = knownNames
    .map((known) => ({ known, distance: editDistance(wanted, known) }))
    .toSorted((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance <= 6 ? best.known : undefined
}

/** How many letters have to be inserted, removed or changed to turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const change = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(change, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    above = current
  }
  return above[b.length] ?? 0
}
