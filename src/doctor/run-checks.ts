import { messageOf } from '../kernel/errors.ts'
import type { Check, Finding, Status } from './check.ts'
import type { Diagnosis } from './diagnosis.ts'

/**
 * Runs the checks in order. It skips a check that needs one that failed or was skipped, because it
 * would only report the same problem again.
 */
export async function runChecks(
  checks: readonly Check[],
  diagnosis: Diagnosis,
): Promise<Finding[]> {
  const findings: Finding[] = []
  const blocked = new Set<string>()
  for (const check of checks) {
    const obstacle = check.needs.find((id) => blocked.has(id))
    const found = obstacle === undefined ? await run(check, diagnosis) : [skipped(check, obstacle)]
    if (isBad(found)) blocked.add(check.id)
    findings.push(...found)
  }
  return findings
}

const order: readonly Status[] = ['skip', 'pass', 'warn', 'fail']

/** Returns the worst status; `pass` when there is no problem. */
export function worstOf(findings: readonly Finding[]): 'pass' | 'warn' | 'fail' {
  const worst = order.findLast((status) => findings.some((finding) => finding.status === status))
  return worst === 'fail' || worst === 'warn' ? worst : 'pass'
}

async function run(check: Check, diagnosis: Diagnosis): Promise<readonly Finding[]> {
  try {
    return await check.run(diagnosis)
  } catch (error) {
    const message = `The check itself failed: ${messageOf(error)}`
    const fix = "This is a defect. Report it with the sidecar's version."
    return [
      { id: check.id, subject: undefined, status: 'fail', problem: 'InternalError', message, fix },
    ]
  }
}

function skipped({ id }: Check, obstacle: string): Finding {
  const message = `Not checked: the check ${obstacle} has to pass first.`
  return { id, subject: undefined, status: 'skip', problem: undefined, message, fix: undefined }
}

function isBad(found: readonly Finding[]): boolean {
  return (
    found.some(({ status }) => status === 'fail') || found.every(({ status }) => status === 'skip')
  )
}
