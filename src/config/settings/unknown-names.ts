import type { ReportMistake } from '../../kernel/schema/mistakes.ts'
import { nearestName } from '../../kernel/schema/nearest-name.ts'
import type { Environment } from '../settings.ts'
import { settingsTable } from './settings-table.ts'

const knownNames: readonly string[] = settingsTable.map((row) => row.name)

/** Settings have long names, and a wrong one has often a wrong word. */
const mostLetters = 6

/** Reports every variable that looks like a setting but is not one, with the name that was probably meant. */
export function reportUnknownNames(env: Environment, report: ReportMistake): void {
  const links = serviceLinkPrefixes(env)
  for (const name of Object.keys(env).toSorted()) {
    if (!/^SIDECAR_/i.test(name) || env[name] === undefined || knownNames.includes(name)) continue
    if (links.some((prefix) => isServiceLink(name, prefix))) continue
    const nearest = nearestName(name.toUpperCase(), knownNames, mostLetters)
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
