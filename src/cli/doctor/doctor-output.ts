import { toIso } from '../../kernel/clock.ts'
import type { Certified } from '../certify/certify.ts'
import type { Finding, Status } from '../../doctor/check.ts'
import { worstOf } from '../../doctor/run-checks.ts'
import type { CliIo } from '../cli-io.ts'
import { paint } from '../paint.ts'
import { wrap } from '../text-table.ts'

const idWidth = 16
const colours = { pass: 'green', warn: 'yellow', fail: 'red', skip: 'dim' } as const
const indent = 6 + idWidth

/** Describes the findings for people: a line each, and the fix below it. */
export function describeFindings(findings: readonly Finding[], io: CliIo): string[] {
  const lines = findings.flatMap(({ status, id, message, fix }) => {
    const [first = '', ...rest] = wrap(message, indent)
    const head = `${paint(io, colours[status], status.padEnd(6))}${id.padEnd(idWidth)}${first}`
    const remedy = fix === undefined ? [] : wrap(`Fix: ${fix}`, indent)
    const [fixFirst, ...fixRest] = remedy
    return [
      head,
      ...rest,
      ...(fixFirst === undefined ? [] : [' '.repeat(indent) + fixFirst, ...fixRest]),
    ]
  })
  return [...lines, '', ...wrap(summary(findings), 0)]
}

/** The worst first, with the names of the checks to look at. */
function summary(findings: readonly Finding[]): string {
  const ids = (status: Status) =>
    findings.filter((finding) => finding.status === status).map(({ id }) => id)
  const named = (status: Status) => {
    const found = ids(status)
    return found.length === 0
      ? `${found.length}`
      : `${found.length} (${[...new Set(found)].join(', ')})`
  }
  return `Failed: ${named('fail')}. Warnings: ${named('warn')}. Passed: ${ids('pass').length}. Skipped: ${ids('skip').length}.`
}

/** Describes what `--certify` did, for people. */
export function describeCertified({ message, outcomes, remaining }: Certified): string[] {
  return [
    '',
    ...wrap(message, 0),
    ...outcomes.map(({ dimension, state, meteringRecordId }) =>
      wrap(`${dimension}: ${state} ${meteringRecordId ?? ''}`.trim(), 0).join('\n'),
    ),
    '',
    'Before the listing goes public:',
    ...remaining.flatMap((step) => wrap(`- ${step}`, 2)),
  ]
}

/** Builds the JSON of both, for programs. */
export function doctorBody(findings: readonly Finding[], certified: Certified | undefined) {
  const checks = findings.map(({ id, subject, status, problem, message, fix }) => ({
    id,
    subject: subject ?? null,
    status,
    problem: problem ?? null,
    message,
    fix: fix ?? null,
  }))
  const body = { status: worstOf(findings), checks }
  return certified === undefined ? body : { ...body, certify: certifiedBody(certified) }
}

function certifiedBody({ status, message, plan, reported, outcomes, remaining }: Certified) {
  const dimensions = plan.map(({ dimension, units, quantity }) => {
    const sent = reported.find((usage) => usage.dimension === dimension)
    const outcome = outcomes.find((record) => record.dimension === dimension)
    return {
      dimension,
      units,
      quantity,
      hour: sent === undefined ? null : toIso(sent.hour),
      duplicate: sent?.duplicate ?? null,
      state: outcome?.state ?? null,
      meteringRecordId: outcome?.meteringRecordId ?? null,
    }
  })
  return { status, message, dimensions, remaining }
}
