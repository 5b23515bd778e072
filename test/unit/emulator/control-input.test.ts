import { describe, expect, test } from 'vitest'
import {
  parseClockChange,
  parseFault,
  parseSettings,
  type ControlInput,
} from '../../../src/emulator/control/control-input.ts'

function valueOf<T>(result: ControlInput<T>): T {
  if (result.ok) return result.value
  throw new Error(result.failure)
}

function mistakeIn(result: ControlInput<unknown>): string {
  return result.ok ? 'none' : result.failure
}

describe('the control API understands', () => {
  test('a fault, for one call of any operation unless it says more', () => {
    expect(valueOf(parseFault('{"drop":"after"}'))).toEqual({
      operation: '*',
      times: 1,
      effect: { kind: 'drop', moment: 'after' },
    })
    expect(valueOf(parseFault('{"operation":"MeterUsage","times":3,"delayMs":50}'))).toEqual({
      operation: 'MeterUsage',
      times: 3,
      effect: { kind: 'delay', delayMs: 50 },
    })
    expect(
      valueOf(parseFault('{"error":"ThrottlingException","message":"slow down"}')).effect,
    ).toEqual({
      kind: 'error',
      name: 'ThrottlingException',
      message: 'slow down',
    })
  })

  test('a change of the clock', () => {
    expect(
      valueOf(parseClockChange('{"now":"2026-03-10T09:15:00Z","advanceMs":-5,"rate":180}')),
    ).toEqual({
      now: Date.parse('2026-03-10T09:15:00Z'),
      advanceMs: -5,
      rate: 180,
    })
  })

  test('settings, some of which null resets', () => {
    expect(
      valueOf(parseSettings('{"entitled":false,"region":null,"publicKeyRotationAt":null}')),
    ).toEqual({
      entitled: false,
      region: undefined,
      publicKeyRotationAt: undefined,
    })
  })
})

describe('the control API refuses, and says why,', () => {
  test.each([
    ['', 'the body must be JSON'],
    ['[]', 'the body must be a JSON object'],
    ['{"operation":"MeterUsage"}', 'give exactly one of error, delayMs and drop'],
    ['{"error":"ThrottlingException","drop":"before"}', 'give exactly one of'],
    ['{"error":"NoSuchException"}', 'no error is named NoSuchException'],
    ['{"operation":"Meter","drop":"before"}', 'operation must be * or one of RegisterUsage'],
    ['{"drop":"never"}', 'drop must be one of before, after'],
    ['{"drop":"before","message":"x"}', 'message goes with error only'],
    ['{"drop":"before","times":0}', 'times must be at least 1'],
    ['{"delayMs":-1}', 'delayMs must be a whole number'],
    ['{"drops":"before"}', 'drops is not known here; known are operation'],
  ])('the fault %s', (body, message) => {
    expect(mistakeIn(parseFault(body))).toContain(message)
  })

  test.each([
    ['{}', 'give one of now, advanceMs and rate'],
    ['{"now":"yesterday"}', 'now must be a time such as'],
    ['{"rate":0}', 'rate must be more than 0'],
    ['{"advanceMs":"5"}', 'advanceMs must be a number'],
  ])('the clock change %s', (body, message) => {
    expect(mistakeIn(parseClockChange(body))).toContain(message)
  })

  test.each([
    ['{"entitled":"no"}', 'entitled must be true or false'],
    ['{"dryRunForm":"maybe"}', 'dryRunForm must be one of ok, error'],
    ['{"region":""}', 'region must be a text that is not empty'],
    ['{"colour":"red"}', 'colour is not known here'],
  ])('the settings %s', (body, message) => {
    expect(mistakeIn(parseSettings(body))).toContain(message)
  })
})
