import type { EntitlementAnswer, UsageAnswer } from '../src/http/routes/answers.ts'
import { byId, setText } from './dom.ts'
import { showSpan } from './format.ts'

/** Shows which product this is, and which program of which task or pod answers. */
export function showSidecar(
  entitlement: EntitlementAnswer,
  { sidecar }: UsageAnswer,
  now: number,
): void {
  const { productCode, route, region } = entitlement
  setText(byId('product'), [productCode, route, region ?? 'region unknown'].join(' \u00b7 '))
  const { version, resource, startedAt } = sidecar
  const uptime = `up ${showSpan(Math.max(0, now - Date.parse(startedAt)))}`
  setText(byId('sidecar'), [resource, `version ${version}`, uptime].join(' \u00b7 '))
}
