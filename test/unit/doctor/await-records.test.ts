import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { awaitRecords, judgeRecords } from '../../../src/cli/certify/await-records.ts'
import { Diagnosis } from '../../../src/doctor/diagnosis.ts'
import { testMachine } from '../../support/doctor/test-machine.ts'
import { eventually } from '../../support/eventually.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const nine = '2026-03-10T09:00:00.000Z'
const ten = '2026-03-10T10:00:00.000Z'
const usage = {
  dimension: 'requests',
  units: 1,
  quantity: '1',
  asMembers: false,
  idempotencyKey: 'key',
  hour: Date.parse(nine),
  duplicate: false,
}
const empty = { settled: [], pending: [] }
const accepted = (hour: string, meteringRecordId = 'id-1') => ({
  dimension: 'requests',
  hour,
  state: 'accepted',
  meteringRecordId,
  lastCode: null,
})
const moved = { dimension: 'requests', hour: nine, state: 'moved', movedTo: ten }
const sealed = { dimension: 'requests', hour: nine, state: 'sealed' }
const away = undefined

/**
 * Waits for a sidecar that gives these answers, the last one repeatedly, on a clock that moves only
 * when the wait pauses.
 */
async function wait(answers: readonly (object | undefined)[], longestMs = 3_600_000) {
  let asked = 0
  const server = createServer((_request, response) => {
    const answer = answers[Math.min(asked, answers.length - 1)]
    asked += 1
    if (answer === undefined) response.writeHead(503).end('{}')
    else response.end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const clock = new ManualClock(nine)
  const diagnosis = new Diagnosis(testMachine({ clock }))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let ended = false
  const outcomes = awaitRecords(diagnosis, url, [usage], longestMs).finally(() => {
    ended = true
  })
  const pausing = () => clock.nextAt === clock.now() + 5000
  await eventually(async () => {
    if (pausing()) await clock.advance(5000)
    return ended
  })
  return { outcomes: await outcomes, asked, passedMs: clock.elapsed() }
}

test('waits until the record is accepted', async () => {
  const answers = [empty, { ...empty, pending: [sealed] }, { ...empty, settled: [accepted(nine)] }]
  const { outcomes, asked } = await wait(answers)
  expect(outcomes).toMatchObject([{ state: 'accepted', meteringRecordId: 'id-1' }])
  expect(asked).toBe(3)
  expect(judgeRecords(outcomes)[0]).toBe('pass')
})

test('follows usage that moved to a later hour', async () => {
  const answers = [
    { ...empty, settled: [moved] },
    { ...empty, settled: [moved, accepted(ten, 'id-2')] },
  ]
  const { outcomes, asked } = await wait(answers)
  expect(outcomes).toMatchObject([{ state: 'accepted', meteringRecordId: 'id-2' }])
  expect(asked).toBe(2)
})

test('mistakes no other record for its own', async () => {
  const others = [accepted(ten), { ...accepted(nine), dimension: 'storage' }]
  const { outcomes } = await wait([{ ...empty, settled: others }], 10_000)
  expect(outcomes).toMatchObject([{ state: 'waiting' }])
})

test('gives up when its time is over', async () => {
  const { outcomes, passedMs } = await wait([empty], 20_000)
  expect(passedMs).toBe(20_000)
  expect(judgeRecords(outcomes)).toEqual([
    'warn',
    'AWS has not decided yet about requests. Run "ledger show" later.',
  ])
})

test('tolerates a sidecar that restarts, but not one that has gone', async () => {
  const back = await wait([away, away, away, { ...empty, settled: [accepted(nine)] }])
  expect(back.outcomes).toMatchObject([{ state: 'accepted' }])
  const often = Array.from({ length: 10 }, () => away)
  const twice = [...often, empty, ...often, { ...empty, settled: [accepted(nine)] }]
  expect((await wait(twice)).outcomes).toMatchObject([{ state: 'accepted' }])
  expect((await wait([empty, away])).asked).toBe(14)
})

test.each(['refused', 'unresolved'])('reports a record that is %s', async (state) => {
  const record = { ...accepted(nine), state, lastCode: 'AccessDeniedException' }
  const { outcomes } = await wait([{ ...empty, pending: [record] }])
  const [status, message] = judgeRecords(outcomes)
  expect(status).toBe('fail')
  expect(message).toContain(`requests: ${state} (AccessDeniedException)`)
})
