interface OperatorActionRow {
  /** The places and states that it takes usage from. */
  readonly from: readonly string[]
  /** What it does, for the help and the documentation. */
  readonly does: string
  /** Whether nothing can take it back: such a decision is asked for once more. */
  readonly final: boolean
  /** What the operator is asked, after a description of what it is about. */
  readonly question: string
}

/** Everything that an operator can do with usage that waits for a person. */
export const operatorActionTable = {
  retry: {
    from: ['refused'],
    does: 'sends a refused record at once, with the same content',
    final: false,
    question: '',
  },
  reopen: {
    from: ['refused'],
    does: "gives a refused record today's product code and dimension",
    final: true,
    question: "Its usage is sealed again with today's product code and dimension.",
  },
  release: {
    from: ['held'],
    does: 'bills held usage with the current hour',
    final: true,
    question: 'It is billed with the first unsealed hour.',
  },
  'resolve-delivered': {
    from: ['unresolved'],
    does: 'AWS has billed an unresolved record',
    final: true,
    question: 'Its units count as billed by AWS and are never sent again.',
  },
  'resolve-resend': {
    from: ['unresolved'],
    does: 'AWS has not billed an unresolved record: bill it with a later hour',
    final: true,
    question: 'Its units are billed with a later hour, and twice if AWS has billed them already.',
  },
  void: {
    from: ['refused', 'held', 'open'],
    does: 'writes usage off, with a reason',
    final: true,
    question: 'It is written off and never billed.',
  },
} as const satisfies Readonly<Record<string, OperatorActionRow>>

export type OperatorAction = keyof typeof operatorActionTable
export const operatorActions = Object.keys(operatorActionTable) as readonly OperatorAction[]
