import { describe, expect, test } from 'vitest'
import { CallLog } from '../../../src/emulator/control/calls.ts'
import { FaultScript, type FaultEffect } from '../../../src/emulator/control/faults.ts'

const before: FaultEffect = { kind: 'drop', moment: 'before' }
const delay: FaultEffect = { kind: 'delay', delayMs: 5 }

describe('the fault script', () => {
  test('a fault affects as many calls as it says, then no more', () => {
    const faults = new FaultScript()
    faults.add({ operation: 'MeterUsage', times: 2, effect: before })
    const met = [1, 2, 3].map(() => faults.take('MeterUsage'))
    expect(met).toEqual([before, before, undefined])
  })

  test('a fault waits for its own operation', () => {
    const faults = new FaultScript()
    faults.add({ operation: 'MeterUsage', times: 1, effect: before })
    expect(faults.take('RegisterUsage')).toBeUndefined()
    expect(faults.take('MeterUsage')).toEqual(before)
  })

  test('faults are used in the order in which they came', () => {
    const faults = new FaultScript()
    faults.add({ operation: '*', times: 1, effect: delay })
    faults.add({ operation: 'MeterUsage', times: 1, effect: before })
    expect(faults.take('MeterUsage')).toEqual(delay)
    expect(faults.take('MeterUsage')).toEqual(before)
  })

  test('a script that is reset has the faults of its start again, and no others', () => {
    const faults = new FaultScript([{ operation: '*', times: 1, effect: before }])
    faults.take('MeterUsage')
    faults.add({ operation: '*', times: 9, effect: delay })
    faults.reset()
    expect([faults.take('MeterUsage'), faults.take('MeterUsage')]).toEqual([before, undefined])
  })
})

test('the log of calls keeps the last ten thousand', () => {
  const calls = new CallLog()
  const call = {
    operation: null,
    resource: null,
    region: null,
    input: null,
    outcome: 'ok',
    status: 200,
  }
  for (let n = 0; n < 10_005; n += 1) calls.add({ ...call, at: String(n) })
  expect(calls.all()).toHaveLength(10_000)
  expect(calls.all()[0]?.at).toBe('5')
})
