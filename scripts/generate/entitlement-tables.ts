import { entitlementEvents, phases, transitions } from '../../src/entitlement/transitions.ts'
import {
  casePlatforms,
  caseRoutes,
  entitlementCases,
} from '../../test/support/entitlement/entitlement-cases.ts'
import { codes } from './marks.ts'

/** Renders the state machine for docs/explain/entitlement.md: a row for each event. */
export function renderTransitions(): string {
  const rows = entitlementEvents.map((event) => {
    const states = phases.map((phase) => transitions[phase][event])
    return [codes([event]), ...states.map((state) => (state === undefined ? '' : codes([state])))]
  })
  return table(['Event', ...phases.map((phase) => codes([phase]))], rows)
}

/** Renders AWS's answers and their consequences for docs/explain/entitlement.md. */
export function renderAnswers(): string {
  const head = ['AWS', 'Platform', 'Route', 'HTTP', '`code`', 'State', 'Asked again', '`outcome`']
  const rows = entitlementCases.map((row) => [
    row.answer.replace(/^[A-Z]\w+$/, '`$&`'),
    row.platforms.length === casePlatforms.length ? 'any' : codes(row.platforms),
    row.routes.length === caseRoutes.length ? 'any' : codes(row.routes),
    `${row.status}`,
    codes([row.code]),
    codes([row.state]),
    row.again,
    row.outcome.replace(/^(?!none$).*/, '`$&`'),
  ])
  return table(head, rows)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}
