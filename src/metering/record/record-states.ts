interface StateRow {
  /** AWS has not accepted it, and the sender may still try. */
  readonly unsent: boolean
  /** Its outcome is final. */
  readonly settled: boolean
  /** An operator has to act before anything more happens. */
  readonly needsPerson: boolean
  /** What to do about a record in this state, for an operator. */
  readonly advice: string
}

/**
 * The states of a record. `moved` is not a place: such a record is the trace of one whose usage went back
 * to an open hour, is held, or was written off, and it keeps its own hour closed.
 */
export const recordStateTable = {
  sealed: {
    unsent: true,
    settled: false,
    needsPerson: false,
    advice: 'It waits to be sent, and the sidecar sends it automatically.',
  },
  sending: {
    unsent: true,
    settled: false,
    needsPerson: false,
    advice: 'The sidecar tries it until AWS answers.',
  },
  accepted: { unsent: false, settled: true, needsPerson: false, advice: 'It is settled.' },
  refused: {
    unsent: true,
    settled: false,
    needsPerson: true,
    advice:
      'Fix what AWS complained about, then use "ledger retry", or "ledger reopen" after a corrected product file.',
  },
  unresolved: {
    unsent: false,
    settled: true,
    needsPerson: true,
    advice:
      'Find out whether AWS billed it, then use "ledger resolve" with --delivered or --resend.',
  },
  moved: {
    unsent: false,
    settled: true,
    needsPerson: false,
    advice:
      'It is settled: its usage went to a later hour, is held, or was written off; "ledger show" says which.',
  },
} as const satisfies Readonly<Record<string, StateRow>>

export type RecordState = keyof typeof recordStateTable
export const recordStates = Object.keys(recordStateTable) as readonly RecordState[]

/** States of records that wait for AWS. */
export const unsentStates = recordStates.filter((state) => recordStateTable[state].unsent)

/** Returns the state of this name. Throws a TypeError for any other name. */
export function recordStateOf(name: string): RecordState {
  const state = recordStates.find((candidate) => candidate === name)
  if (state === undefined) throw new TypeError(`record state ${name} is not known`)
  return state
}
