import type { Phase } from './phase-file.ts'

/** Whether the process was in the middle of it. A moment can be in several at once. */
const phases = {
  'before the first commit': ({ step }: Phase) => step === undefined,
  'commit of reports': (phase: Phase) => isCommitting(phase) && phase.group.has('report-written'),
  'commit of a seal': (phase: Phase) => isCommitting(phase) && phase.group.has('seal-written'),
  'commit of a mark': (phase: Phase) => isCommitting(phase) && phase.group.has('mark-written'),
  'commit of a settlement': (phase: Phase) =>
    isCommitting(phase) && phase.group.has('settle-written'),
  flush: isFlushing,
  'flush of a seal': (phase: Phase) => isFlushing(phase) && phase.group.has('seal-written'),
  'flush of a mark': (phase: Phase) => isFlushing(phase) && phase.group.has('mark-written'),
  'flush of a settlement': (phase: Phase) => isFlushing(phase) && phase.group.has('settle-written'),
  'send in flight': ({ sendsInFlight }: Phase) => sendsInFlight > 0,
  'send answered, not settled': ({ step }: Phase) => step === 'send-answered',
  'flushed, answering or idle': ({ step }: Phase) => step === 'group-flushed',
} as const satisfies Readonly<Record<string, (phase: Phase) => boolean>>

export type PhaseName = keyof typeof phases
const phaseNames = Object.keys(phases) as PhaseName[]

/** The phases that were required, without which the test proves nothing. */
const required = {
  commit: ['commit of reports', 'commit of a seal', 'commit of a mark', 'commit of a settlement'],
  seal: ['commit of a seal', 'flush of a seal'],
  mark: ['commit of a mark', 'flush of a mark'],
  settlement: ['commit of a settlement', 'flush of a settlement'],
  send: ['send in flight', 'send answered, not settled'],
} as const satisfies Readonly<Record<string, readonly PhaseName[]>>

export const killKinds = ['random', 'aimed', 'self'] as const
export type KillKind = (typeof killKinds)[number]

export function isIn(name: PhaseName, phase: Phase): boolean {
  return phases[name](phase)
}

/** How often each phase was hit, by the kind of kill. */
export class PhaseTable {
  readonly #hits = new Map<string, number>()

  add(kind: KillKind, phase: Phase): void {
    for (const name of phaseNames.filter((candidate) => isIn(candidate, phase)))
      this.#hits.set(`${name}|${kind}`, this.#of(name, kind) + 1)
  }

  /** The required kinds of moments that no kill has met. */
  missed(): string[] {
    return Object.entries(required)
      .filter(([, names]) => names.every((name) => this.#total(name) === 0))
      .map(([kind]) => kind)
  }

  toString(): string {
    const row = (cells: readonly (string | number)[]) =>
      cells
        .map((cell, index) => (index === 0 ? `${cell}`.padEnd(28) : `${cell}`.padStart(8)))
        .join('')
    return [
      row(['killed during', ...killKinds, 'all']),
      ...phaseNames.map((name) =>
        row([name, ...killKinds.map((kind) => this.#of(name, kind)), this.#total(name)]),
      ),
    ].join('\n')
  }

  #of(name: PhaseName, kind: KillKind): number {
    return this.#hits.get(`${name}|${kind}`) ?? 0
  }

  #total(name: PhaseName): number {
    return killKinds.reduce((sum, kind) => sum + this.#of(name, kind), 0)
  }
}

function isCommitting({ step }: Phase): boolean {
  return step?.endsWith('-written') === true
}

function isFlushing({ step }: Phase): boolean {
  return step === 'group-committed'
}
