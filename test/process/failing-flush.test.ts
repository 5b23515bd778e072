import { expect, test } from 'vitest'
import { exitCodes } from '../../src/cli/exit-codes.ts'
import { openScene, terminate } from './scene.ts'

const realHourMs = 2000
const limitMs = 60_000
const ledgerFailed = { code: exitCodes.ledgerFailed, signal: null }

test.concurrent.for([4, 40])(
  'a flush that fails after %i good ones ends the process with code 4, and the next start has every acknowledged report',
  { timeout: limitMs },
  async (failDataSyncAfter, context) => {
    const scene = await openScene(context, realHourMs)
    const failing = scene.start({ failDataSyncAfter })
    expect(await failing.exited).toEqual(ledgerFailed)
    expect(failing.complaints.join('\n')).toContain('"event":"ledger.failed"')
    scene.expectAcknowledgedInBook()

    const sidecar = await scene.startReady()
    await scene.reportsFromEach(5)
    await scene.finishReporting()
    expect(await terminate(sidecar)).toEqual({ code: 0, signal: null })
    await scene.expectBalanced()
  },
)

test.concurrent(
  'a disk whose flushes fail from the start acknowledges nothing, and the process does not run on',
  async (context) => {
    const scene = await openScene(context, realHourMs)
    expect(await scene.start({ failDataSyncAfter: 0 }).exited).toEqual(ledgerFailed)
    expect(scene.clients.map(({ acknowledgedReports }) => acknowledgedReports)).toEqual([0, 0])
  },
  limitMs,
)
