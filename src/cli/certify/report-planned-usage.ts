import { fromIso } from '../../kernel/clock.ts'
import { fail, succeed, type Result } from '../../kernel/result.ts'
import { askListener } from '../../doctor/ask-listener.ts'
import type { PlannedUsage } from './certify-plan.ts'
import type { Diagnosis } from '../../doctor/diagnosis.ts'
import { appHeaders, membersOf } from '../../doctor/running-sidecar.ts'

/** One dimension's usage, as the sidecar recorded it. */
export interface RecordedUsage extends PlannedUsage {
  /** The hour that bills it, ms. */
  readonly hour: number
  /** It was already reported with the same key, and was not counted again. */
  readonly duplicate: boolean
}

/**
 * Reports a plan to the running sidecar in one request, which its ledger records whole or not at all.
 * From then on every unit is accounted for and billed once. The failure is a sentence that says why not.
 */
export async function reportPlannedUsage(
  diagnosis: Diagnosis,
  url: string,
  plan: readonly PlannedUsage[],
): Promise<Result<readonly RecordedUsage[], string>> {
  const requested = plan.map(reportsOf)
  const answer = await askListener(diagnosis, `${url}/v1/usage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...appHeaders(diagnosis) },
    body: JSON.stringify({ reports: requested.flat() }),
  })
  if (!answer.ok)
    return fail(
      `No answer to the report (${answer.failure.kind}). Run the same command again: it bills nothing twice.`,
    )
  const { results, code, detail } = membersOf(answer.value.text)
  if (answer.value.status !== 200 || !Array.isArray(results))
    return fail(`The sidecar did not accept the report: ${String(code)}: ${String(detail)}`)
  let next = 0
  return succeed(
    plan.map((item, index) => {
      const { result, hour } = membersOf(JSON.stringify(results[next]))
      next += requested[index]?.length ?? 0
      return { ...item, hour: fromIso(String(hour)) ?? 0, duplicate: result === 'duplicate' }
    }),
  )
}

function reportsOf({ dimension, quantity, asMembers, idempotencyKey }: PlannedUsage): object[] {
  if (!asMembers) return [{ dimension, quantity, idempotencyKey }]
  return Array.from({ length: Number(quantity) }, (_, index) => ({
    dimension,
    member: `certify-${index + 1}`,
    idempotencyKey: `${idempotencyKey}-${index + 1}`,
  }))
}
