import { fromIso } from '../../kernel/clock.ts'
import { askListener } from '../../doctor/ask-listener.ts'
import type { PlannedUsage } from './certify-plan.ts'
import type { Diagnosis } from '../../doctor/diagnosis.ts'
import { appHeaders, membersOf } from '../../doctor/running-sidecar.ts'

/** Where the usage of a plan went. */
export interface ReportedUsage extends PlannedUsage {
  /** The hour that bills it, ms. */
  readonly hour: number
  /** It had been reported before with the same key, and was not counted again. */
  readonly duplicate: boolean
}

/**
 * Reports a plan to the running sidecar in one request, which its ledger takes whole or not at all: from
 * there on every unit is accounted for and billed once. Otherwise a sentence why it was not taken.
 */
export async function reportUsage(
  diagnosis: Diagnosis,
  url: string,
  plan: readonly PlannedUsage[],
): Promise<readonly ReportedUsage[] | string> {
  const reports = plan.map(({ dimension, quantity, idempotencyKey }) => ({
    dimension,
    quantity,
    idempotencyKey,
  }))
  const answer = await askListener(diagnosis, `${url}/v1/usage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...appHeaders(diagnosis) },
    body: JSON.stringify({ reports }),
  })
  if (answer.kind !== 'answer')
    return `No answer to the report (${answer.kind}). Run the same command again: it bills nothing twice.`
  const { results, code, detail } = membersOf(answer.text)
  if (answer.status !== 200 || !Array.isArray(results))
    return `The sidecar did not take the report: ${String(code)}: ${String(detail)}`
  return plan.map((item, index) => {
    const { result, hour } = membersOf(JSON.stringify(results[index]))
    return { ...item, hour: fromIso(String(hour)) ?? 0, duplicate: result === 'duplicate' }
  })
}
