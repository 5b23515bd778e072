import { stringify } from 'yaml'
import { alertCases, target, type AlertCase } from './alert-cases.ts'
import { alertsFile, readRules, type AlertRule } from './alert-rules.ts'

/** Makes the file for `promtool test rules`: which alert fires when, with every label and annotation. */
export function ruleTests(cases: readonly AlertCase[] = alertCases): string {
  const rules = new Map(readRules().map((rule) => [rule.alert, rule]))
  const tests = cases.map((story) => {
    const rule = rules.get(story.alert)
    if (rule === undefined) throw new Error(`unknown alert ${story.alert}`)
    return testOf(rule, story)
  })
  return stringify({ rule_files: [alertsFile], evaluation_interval: '1m', tests })
}

function testOf(
  rule: AlertRule,
  { story, series, quietAt, firesAt, ...expected }: AlertCase,
): object {
  const labels = expected.labels ?? target
  // One for all moments, or one for each.
  const values = expected.value?.split('|') ?? []
  return {
    name: `${rule.alert}: ${story}`,
    interval: '1m',
    input_series: Object.entries(series).map(([name, given]) => ({ series: name, values: given })),
    alert_rule_test: [
      ...quietAt.map((eval_time) => ({ eval_time, alertname: rule.alert, exp_alerts: [] })),
      ...firesAt.map((eval_time, index) => ({
        eval_time,
        alertname: rule.alert,
        exp_alerts: [
          {
            exp_labels: { ...labels, ...rule.labels },
            exp_annotations: annotationsOf(rule, labels, values[index] ?? values.at(-1) ?? ''),
          },
        ],
      })),
    ],
  }
}

function annotationsOf(
  { annotations }: AlertRule,
  labels: Readonly<Record<string, string>>,
  value: string,
): object {
  const expanded = Object.entries(annotations).map(([name, text]) => [
    name,
    text
      .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? '')
      .replaceAll(/\{\{ \$value[^}]*\}\}/g, value),
  ])
  return Object.fromEntries(expanded)
}
