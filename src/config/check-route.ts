import type { ReportMistake } from '../kernel/mistakes.ts'
import { hasCustomers, type Route } from '../product/routes.ts'
import type { SettingValues } from './settings/setting-values.ts'
import { longestSealDelay } from './settings/setting.ts'

/** Uses the defaults of a product's route, and reports the settings that do not go with it. */
export function checkRoute(route: Route, values: SettingValues, report: ReportMistake): void {
  if (hasCustomers(route)) {
    values.useSaasDefaults()
    checkCustomers(values, report)
    return
  }
  const delay = values.get('SIDECAR_SEAL_DELAY_SECONDS')
  if (delay > longestSealDelay)
    report(
      `SIDECAR_SEAL_DELAY_SECONDS: "${delay}" is not allowed on the route ${route}; give 0 to ${longestSealDelay}, or remove it for the default 60`,
    )
}

function checkCustomers(values: SettingValues, report: ReportMistake): void {
  for (const name of ['SIDECAR_DATABASE_URL', 'SIDECAR_DATABASE_URL_FILE'] as const)
    if (values.given.has(name))
      report(
        `${name}: the ledger of the route saas can't be in a database yet; remove it, and run one replica with a volume`,
      )
  if (values.get('SIDECAR_ZERO_RECORDS'))
    report('SIDECAR_ZERO_RECORDS: the route saas sends no records of zero; remove it')
}
