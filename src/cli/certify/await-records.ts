import { isObject, type Members } from '../../kernel/is-object.ts'
import { fromIso, sleep } from '../../kernel/clock.ts'
import { askListener } from '../../doctor/ask-listener.ts'
import type { Diagnosis } from '../../doctor/diagnosis.ts'
import type { RecordedUsage } from './report-planned-usage.ts'
import { appHeaders, membersOf } from '../../doctor/running-sidecar.ts'

/** What AWS decided about the record that holds a reported usage. */
export interface RecordOutcome {
  readonly dimension: string
  /** `waiting` while AWS has not decided; otherwise the record's state. */
  readonly state: string
  readonly meteringRecordId: string | undefined
  /** The code of AWS's last refusal. */
  readonly code: string | undefined
}

const pauseMs = 5000
/** For how many rounds in a row a sidecar may be away, because it restarts. */
const roundsAway = 12

/**
 * Polls the sidecar until AWS has decided about each record, or `longestMs` have passed.
 */
export async function awaitRecords(
  diagnosis: Diagnosis,
  url: string,
  reported: readonly RecordedUsage[],
  longestMs: number,
): Promise<readonly RecordOutcome[]> {
  const { clock } = diagnosis.machine
  const giveUpAt = clock.elapsed() + longestMs
  let outcomes = reported.map(waiting)
  for (let away = 0; ;) {
    const answer = await askListener(diagnosis, `${url}/v1/usage`, {
      headers: appHeaders(diagnosis),
    })
    const summary = answer.ok ? membersOf(answer.value.text) : {}
    if (Array.isArray(summary['settled'])) {
      const records = [...listOf(summary['settled']), ...listOf(summary['pending'])]
      outcomes = reported.map((usage) => outcomeOf(usage, records))
      away = 0
    } else away += 1
    const decided = outcomes.every(({ state }) => state !== 'waiting')
    if (decided || away > roundsAway || clock.elapsed() >= giveUpAt) return outcomes
    await sleep(clock, pauseMs)
  }
}

/** Judges whether AWS accepted all of them, with a sentence for people. */
export function judgeRecords(
  outcomes: readonly RecordOutcome[],
): ['pass' | 'warn' | 'fail', string] {
  const bad = outcomes.filter(({ state }) => state !== 'accepted' && state !== 'waiting')
  if (bad.length > 0) {
    const words = bad.map(({ dimension, state, code }) => `${dimension}: ${state} (${code})`)
    return ['fail', `AWS did not accept every record: ${words.join(', ')}. See "ledger show".`]
  }
  const open = outcomes.filter(({ state }) => state === 'waiting').map(({ dimension }) => dimension)
  return open.length === 0
    ? ['pass', 'AWS has accepted a record of every dimension that was reported.']
    : ['warn', `AWS has not decided yet about ${open.join(', ')}. Run "ledger show" later.`]
}

function listOf(value: unknown): Members[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** Finds the record of a usage, even if the usage moved to a later hour. */
function outcomeOf(usage: RecordedUsage, records: readonly Members[]): RecordOutcome {
  let hour: number | undefined = usage.hour
  for (let hops = 0; hops < records.length + 1; hops += 1) {
    const record = records.find(
      (each) => each['dimension'] === usage.dimension && fromIso(String(each['hour'])) === hour,
    )
    if (record === undefined) return waiting(usage)
    const { state, meteringRecordId, lastCode } = record
    if (state !== 'moved') {
      const open = state === 'sealed' || state === 'sending'
      return {
        dimension: usage.dimension,
        state: open ? 'waiting' : String(state),
        meteringRecordId: typeof meteringRecordId === 'string' ? meteringRecordId : undefined,
        code: typeof lastCode === 'string' ? lastCode : undefined,
      }
    }
    hour = fromIso(String(record['movedTo']))
  }
  return waiting(usage)
}

function waiting({ dimension }: RecordedUsage): RecordOutcome {
  return { dimension, state: 'waiting', meteringRecordId: undefined, code: undefined }
}
