import { expect, test } from 'vitest'
import {
  recordStateOf,
  recordStates,
  recordStateTable,
  unsentStates,
  type RecordState,
} from '../../../../src/metering/record/record-states.ts'

const statesThat = (has: 'unsent' | 'settled' | 'needsPerson') =>
  recordStates.filter((state) => recordStateTable[state][has])

test('a record waits for AWS or is settled, and two states need a person', () => {
  expect(statesThat('unsent')).toEqual(['sealed', 'sending', 'refused'])
  expect(unsentStates).toEqual(statesThat('unsent'))
  expect(statesThat('settled')).toEqual(['accepted', 'unresolved', 'moved'])
  expect(statesThat('needsPerson')).toEqual(['refused', 'unresolved'])
})

test('the advice of a state that needs a person names the command', () => {
  const commands: Partial<Record<RecordState, string>> = {
    refused: '"ledger retry"',
    unresolved: '"ledger resolve"',
  }
  for (const state of recordStates) {
    expect(recordStateTable[state].advice).toMatch(/^[A-Z].*\.$/)
    expect(recordStateTable[state].advice).toContain(commands[state] ?? '')
  }
})

test('a state is found by its name, and another name is a TypeError that says it', () => {
  expect(recordStates.map((state) => recordStateOf(state))).toEqual(recordStates)
  expect(() => recordStateOf('lost')).toThrow(new TypeError('record state lost is not known'))
})
