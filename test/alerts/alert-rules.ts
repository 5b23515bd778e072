import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

export interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: { readonly severity: string }
  readonly annotations: {
    readonly summary: string
    readonly description: string
    readonly runbook_url: string
  }
}

/** The rules that the chart installs. */
export const alertsFile = fileURLToPath(
  new URL('../../helm/marketplace-sidecar/files/alerts.yaml', import.meta.url),
)

export interface AlertGroup {
  readonly name: string
  readonly rules: readonly AlertRule[]
}

export function readGroups(): readonly AlertGroup[] {
  const { groups } = parse(readFileSync(alertsFile, 'utf8')) as { groups: AlertGroup[] }
  return groups
}

export function readRules(): readonly AlertRule[] {
  return readGroups().flatMap(({ rules }) => rules)
}
