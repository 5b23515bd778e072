import type { ReportMistake } from '../kernel/schema/mistakes.ts'
import type { Product } from '../product/product.ts'
import { hasCustomers } from '../product/routes.ts'
import type { SettingValues } from './settings/setting-values.ts'
import { longestSealDelay } from './settings/setting.ts'

const databaseSettings = ['SIDECAR_DATABASE_URL', 'SIDECAR_DATABASE_URL_FILE'] as const

/** Uses the defaults of a product's route, and reports the settings that do not go with the product. */
export function checkProduct(
  { route, dimensions }: Product,
  values: SettingValues,
  report: ReportMistake,
): void {
  const shared = dimensions.find(({ scope }) => scope === 'cluster')
  if (shared !== undefined && !databaseSettings.some((name) => values.given.has(name)))
    report(
      `SIDECAR_DATABASE_URL_FILE: the dimension ${shared.name} has one record for the whole cluster, which needs a ledger that all sidecars share; give the file that holds the URL of a PostgreSQL database`,
    )
  checkPage(dimensions, values, report)
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

function checkPage(
  dimensions: Product['dimensions'],
  values: SettingValues,
  report: ReportMistake,
): void {
  if (values.get('SIDECAR_SCRAPE_URL') !== undefined || !values.areSound('SIDECAR_SCRAPE_URL'))
    return
  const scraped = dimensions.filter(({ from }) => from?.prometheus !== undefined)
  const names = scraped.map(({ name }) => name).join(', ')
  if (scraped.length > 0)
    report(
      `SIDECAR_SCRAPE_URL: it is missing, and the product file takes ${names} from a metrics page; give that of the application, such as http://127.0.0.1:8080/metrics`,
    )
}

function checkCustomers(values: SettingValues, report: ReportMistake): void {
  if (values.get('SIDECAR_ZERO_RECORDS'))
    report('SIDECAR_ZERO_RECORDS: the route saas sends no records of zero; remove it')
}
