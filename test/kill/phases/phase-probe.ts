import fs, { openSync, writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { DatabaseSync, StatementSync } from 'node:sqlite'
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
const killAtStatement = process.env[probeVariables.killAtStatement]
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
    if (left < 0 && hangAfter !== undefined) return console.error('a flush hangs')
    if (left < 0) process.nextTick(done, new Error('EIO: i/o error, fdatasync'))
    else fdatasync(file, done)
  }
  Object.assign(fs, { fdatasync: failLater })
  syncBuiltinESMExports()
}

if (killAtStatement !== undefined) {
  let statements = Number(killAtStatement)
  const count = () => {
    statements -= 1
    if (statements === 0) process.kill(process.pid, 'SIGKILL')
  }
  const databases = DatabaseSync.prototype
  // oxlint-disable-next-line typescript/unbound-method -- called with the database it was called on
  const { exec } = databases
  databases.exec = function countedExec(this: DatabaseSync, sql: string): void {
    // A migration is one long text: a kill between its statements needs them one by one.
    for (const statement of sql.split(/;\s*$/m).filter((each) => each.trim() !== '')) {
      count()
      exec.call(this, statement)
    }
  }
  const { prototype: prepared } = StatementSync
  // oxlint-disable-next-line typescript/unbound-method -- called with the statement it was called on
  const { run } = prepared
  prepared.run = function countedRun(this: StatementSync, ...values: Parameters<typeof run>) {
    count()
    return run.apply(this, values)
  } as typeof run
}
