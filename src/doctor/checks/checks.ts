import type { Check } from '../check.ts'
import { appListenerCheck } from './check-app-listener.ts'
import { clockCheck } from './check-clock.ts'
import { credentialsCheck } from './check-credentials.ts'
import { dataDirectoryCheck } from './check-data-directory.ts'
import { dataVolumeCheck } from './check-data-volume.ts'
import { databaseCheck } from './check-database.ts'
import { dnsCheck } from './check-dns.ts'
import { dryRunCheck } from './check-dry-run.ts'
import { emptyBatchCheck } from './check-empty-batch.ts'
import { ledgerCheck } from './check-ledger.ts'
import { metricsPageCheck } from './check-metrics-page.ts'
import { opsListenerCheck } from './check-ops-listener.ts'
import { platformCheck } from './check-platform.ts'
import { productCheck } from './check-product.ts'
import { publicKeyCheck } from './check-public-key.ts'
import { regionCheck } from './check-region.ts'
import { registerUsageCheck } from './check-register-usage.ts'
import { settingsCheck } from './check-settings.ts'
import { tcpCheck } from './check-tcp.ts'
import { tlsCheck } from './check-tls.ts'

/** Every check, in the order in which they run: what a check needs comes before it. */
export const checks: readonly Check[] = [
  settingsCheck,
  productCheck,
  publicKeyCheck,
  dataDirectoryCheck,
  dataVolumeCheck,
  databaseCheck,
  ledgerCheck,
  platformCheck,
  regionCheck,
  credentialsCheck,
  dnsCheck,
  tcpCheck,
  tlsCheck,
  clockCheck,
  registerUsageCheck,
  dryRunCheck,
  emptyBatchCheck,
  metricsPageCheck,
  appListenerCheck,
  opsListenerCheck,
]
