import type { EntitlementAnswer, UsageAnswer } from '../src/http/routes/answers.ts'
import { showCount } from './format.ts'
import { problemsOf, unresolvedOlder, type Problem } from './problems.ts'

/** One line over everything, for a person who has ten seconds. */
export interface Verdict {
  readonly level: 'good' | 'waiting' | 'bad'
  readonly text: string
}

/** Judges everything that the page shows. What stops the application comes first, then what costs money. */
export function verdictOf(entitlement: EntitlementAnswer, usage: UsageAnswer): Verdict {
  const { state, code } = entitlement
  if (state === 'denied') return { level: 'bad', text: `Blocked: ${reasonOf(code)}` }
  if (state === 'unreachable' || state === 'denied-by-iam')
    return { level: 'bad', text: `Blocked: ${outageOf(code)}` }
  const problems = problemsOf(usage)
  const count = (kind: Problem['kind']) =>
    problems.filter((each) => each.kind === kind).reduce((sum, { items }) => sum + items.length, 0)
  const unresolved = count('unresolved') + unresolvedOlder(usage)
  if (unresolved > 0)
    return action(`decide about ${showCount(unresolved, 'record')} that AWS may have billed`)
  const refused = problems.filter(({ kind }) => kind === 'refused')
  if (refused.length > 0) {
    const records = showCount(count('refused'), 'record')
    const byIam = refused.every((problem) => permission.test(problem.code))
    return action(byIam ? `IAM permission missing, ${records} refused` : `AWS refuses ${records}`)
  }
  if (count('held') > 0) return action(`${showCount(count('held'), 'hour')} of usage held`)
  if (state === 'starting') return { level: 'waiting', text: 'Starting' }
  if (state === 'grace') return { level: 'waiting', text: `Still running, but ${outageOf(code)}` }
  if (count('waiting') > 0)
    return {
      level: 'waiting',
      text: `Retrying ${showCount(count('waiting'), 'record')}: nothing is lost`,
    }
  return { level: 'good', text: 'Healthy' }
}

function action(text: string): Verdict {
  return { level: 'bad', text: `Action needed: ${text}` }
}

function reasonOf(code: string): string {
  if (/NotEntitled|NotSubscribed/.test(code)) return 'the buyer has no subscription'
  if (/Region/.test(code)) return 'wrong region'
  return permission.test(code) ? 'IAM permission missing' : code
}

function outageOf(code: string): string {
  if (permission.test(code)) return 'IAM permission missing'
  return /[Cc]redential|Token/.test(code) ? 'no credentials' : 'AWS does not answer'
}

const permission = /AccessDenied|Unauthorized|NotAuthorized|denied-by-iam/
