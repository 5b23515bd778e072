import type { FastifyInstance } from 'fastify'
import { isoOrNull, toIso } from '../../../kernel/clock.ts'
import { SidecarError } from '../../../kernel/errors.ts'
import {
  operatorActions,
  operatorActionTable,
  type OperatorAction,
} from '../../../metering/record/operator-table.ts'
import { possiblyTaken, type RecordSummary } from '../../../metering/record/record.ts'
import type { DecidedAnswer, UndecidedAnswer, UndecidedRecordAnswer } from './operator-answers.ts'
import { parseDecision } from './parse-decision.ts'
import type { Decided, OperatorDesk } from './operator-desk.ts'
import { heldBody, hourBody, recordBody } from '../usage-bodies.ts'

const prefix = '/v1/operator/'
export const operatorRecordsPath = `${prefix}records`

export function operatorPath(action: OperatorAction): string {
  return `${prefix}${action}`
}

/** Whether a route needs the token of operators in place of the application's. */
export function isOperatorPath(url: string | undefined): boolean {
  return url?.startsWith(prefix) === true
}

interface OperatorRouteOptions {
  /** Undefined where no token of operators is set, which closes the routes. */
  readonly operators: OperatorDesk | undefined
  readonly acceptedUntil: (hour: number) => number
}

/** The routes for operators who cannot run a command next to the sidecar: the actions of `ledger`. */
export function operatorRoutes(
  app: FastifyInstance,
  { operators, acceptedUntil }: OperatorRouteOptions,
): void {
  const open = (): OperatorDesk => {
    if (operators !== undefined) return operators
    throw new SidecarError(
      'OperatorRoutesClosed',
      'SIDECAR_OPERATOR_TOKEN_FILE is not set, so the operator routes are closed. Set it to a file with a token that the application does not have, and restart the sidecar.',
    )
  }

  app.get(operatorRecordsPath, async (): Promise<UndecidedAnswer> => {
    const { now, open: hours, held, records } = await open().undecided()
    return {
      now: toIso(now),
      open: hours.map(hourBody),
      held: held.map((each) => heldBody(each, acceptedUntil(each.hour))),
      records: records.map((record) => undecidedBody(record, acceptedUntil)),
    }
  })

  for (const action of operatorActions)
    app.post(operatorPath(action), async ({ body }): Promise<DecidedAnswer> => {
      const desk = open()
      const wanted = parseDecision(action, body)
      return decidedBody(action, await wanted(desk))
    })
}

/** Those for its state. A refused record that AWS may have is neither sealed again nor written off. */
function decisionsOf(record: RecordSummary): OperatorAction[] {
  const all = operatorActions.filter((action) =>
    (operatorActionTable[action].from as readonly string[]).includes(record.state),
  )
  return record.state === 'refused' && possiblyTaken(record) ? ['retry'] : all
}

function undecidedBody(
  record: RecordSummary,
  acceptedUntil: (hour: number) => number,
): UndecidedRecordAnswer {
  const until = record.state === 'unresolved' ? undefined : acceptedUntil(record.hour)
  return {
    ...recordBody(record, until),
    mayBeBilled: record.state === 'unresolved' || possiblyTaken(record),
    decisions: decisionsOf(record),
  }
}

function decidedBody(action: OperatorAction, { record, billedWith }: Decided): DecidedAnswer {
  return {
    action,
    record: record === undefined ? null : recordBody(record),
    billedWith: isoOrNull(billedWith),
  }
}
