import { steps, type Step } from '../../../src/kernel/events.ts'

/** What a process was doing. */
export interface Phase {
  /** The last step that was reached; undefined before the first. */
  readonly step: Step | undefined
  /** The content of the group that is being written, committed or flushed. */
  readonly group: ReadonlySet<Step>
  readonly sendsInFlight: number
}

export const phaseBytes = 3

/** Few bytes, so that one write replaces them all. */
export function encodePhase({ step, group, sendsInFlight }: Phase): Uint8Array {
  const stepByte = step === undefined ? 0 : steps.indexOf(step) + 1
  const groupByte = steps.reduce(
    (bits, name, index) => (group.has(name) ? bits | (1 << index) : bits),
    0,
  )
  return Uint8Array.of(stepByte, groupByte, sendsInFlight)
}

export function decodePhase(bytes: Uint8Array): Phase {
  const [stepByte = 0, groupByte = 0, sendsInFlight = 0] = bytes
  return {
    step: steps[stepByte - 1],
    group: new Set(steps.filter((_, index) => (groupByte & (1 << index)) !== 0)),
    sendsInFlight,
  }
}
