import fs, { openSync, writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import {
  Events,
  steps,
  type EventName,
  type SidecarEvents,
  type Step,
} from '../../../src/kernel/events.ts'
import { encodePhase } from './phase-file.ts'
import { probeVariables } from '../probe-variables.ts'

/*
 * Preloaded into the real program with --import. It keeps the current phase in a file, where it
 * survives SIGKILL; on request it kills the process at a step, or makes every later flush fail or hang.
 */

const phaseFile = process.env[probeVariables.phaseFile]
const [killStep, killOccurrence, killGroup] = (process.env[probeVariables.killAt] ?? '').split(':')
const failAfter = process.env[probeVariables.failDataSyncAfter]
const hangAfter = process.env[probeVariables.hangDataSyncAfter]

const phase = { step: undefined as Step | undefined, group: new Set<Step>(), sendsInFlight: 0 }
const descriptor = phaseFile === undefined ? undefined : openSync(phaseFile, 'w')
let untilKill = Number(killOccurrence)

function note(step: Step): void {
  phase.step = step
  if (step === 'group-flushed') phase.group.clear()
  else if (step.endsWith('-written')) phase.group.add(step)
  else if (step === 'send-started') phase.sendsInFlight += 1
  else if (step === 'send-answered') phase.sendsInFlight -= 1
  if (descriptor !== undefined) writeSync(descriptor, encodePhase(phase), 0, null, 0)

  if (step !== killStep) return
  if (killGroup !== undefined && ![...phase.group].some((name) => name === killGroup)) return
  untilKill -= 1
  if (untilKill === 0) process.kill(process.pid, 'SIGKILL')
}

// oxlint-disable-next-line typescript/unbound-method -- called with the events it was called on
const { emit } = Events.prototype
Events.prototype.emit = function emitAndNote<N extends EventName>(
  this: Events,
  name: N,
  event: SidecarEvents[N],
): void {
  emit.call(this, name, event)
  if (name === 'stepReached' && 'step' in event && steps.includes(event.step)) note(event.step)
}

if (failAfter !== undefined || hangAfter !== undefined) {
  const { fdatasync } = fs
  let left = Number(failAfter ?? hangAfter)
  const failLater = (file: number, done: (error: NodeJS.ErrnoException | null) => void) => {
    left -= 1
    if (left < 0 && hangAfter !== undefined) return
    if (left < 0) process.nextTick(done, new Error('EIO: i/o error, fdatasync'))
    else fdatasync(file, done)
  }
  Object.assign(fs, { fdatasync: failLater })
  syncBuiltinESMExports()
}
