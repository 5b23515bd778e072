import { hourMs } from '../../src/metering/hour.ts'
import { windowOf } from '../../src/metering/record/record-window.ts'
import { sealableBefore } from '../../src/metering/record/seal-time.ts'
import { sealDelayMs } from '../support/ledger/model-process.ts'
import type { Coverage } from './coverage.ts'
import type { SimulationEvent } from './event.ts'
import { checkAlways, checkQuiet, checkStopped } from './invariants.ts'
import { SimulatedPod, type PodOptions } from './simulated-pod.ts'
import { Violation } from './violation.ts'

/** What happens to one book from its first start to its end. */
export interface Script {
  readonly options: PodOptions
  readonly events: readonly SimulationEvent[]
}

export interface Life {
  readonly hours: number
  readonly coverage: Coverage
  readonly violation: Violation | undefined
}

/** Plays a script, then calms everything down, stops, starts again and lets quiet hours pass. */
export async function runLife({ options, events }: Script): Promise<Life> {
  const pod = await SimulatedPod.start(options)
  let violation: Violation | undefined
  try {
    for (const event of events) {
      await pod.happen(event)
      await checkAlways(pod.checked)
    }
    await finish(pod, options)
  } catch (error) {
    violation =
      error instanceof Violation
        ? error
        : new Violation('threw', error instanceof Error ? (error.stack ?? '') : String(error))
  }
  const { accepted, refused } = pod.aws.batches.ofLastMonth
  if (accepted > 0) pod.coverage.count('accepted for the month before', accepted)
  if (refused > 0) pod.coverage.count('too late for the month before', refused)
  await pod.remove()
  const hours = pod.clock.elapsed() / hourMs
  return { hours, coverage: pod.coverage, violation }
}

async function finish(pod: SimulatedPod, options: PodOptions): Promise<void> {
  await pod.calmDown()
  await pod.pass(1)
  for (let round = 0; round < 10 && pod.application.unanswered > 0; round += 1) {
    await pod.send()
    await pod.pass(1)
  }
  if (pod.application.unanswered > 0) throw new Violation('stuck', 'a report has no answer')
  await checkAlways(pod.checked)

  await pod.stop(true)
  await checkAlways(pod.checked)
  let leftBehind: unknown
  try {
    for (const place of await checkStopped(pod.checked, pod.resource)) pod.coverage.count(place)
  } catch (error) {
    leftBehind = error
  }

  await pod.startAgain()
  await pod.pass(12 * 60)
  await pod.idle()
  await checkAlways(pod.checked)
  const window = windowOf(options.customers === true)
  await checkQuiet(pod.checked, sealableBefore(pod.now, sealDelayMs, window))
  await pod.stop(true)
  await checkAlways(pod.checked)
  if (leftBehind instanceof Error) throw leftBehind
}
