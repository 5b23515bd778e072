import { expect, test } from 'vitest'
import { exitCodeOf } from '../../src/cli/exit-codes.ts'
import { tokenCodes } from '../../src/entitlement/register-usage/verify-token.ts'
import { errorCodes, problems, SidecarError, type ErrorCode } from '../../src/kernel/errors.ts'
import { readPage, tableOf } from './page.ts'

const page = readPage('errors.md')
const answers = tableOf(page, 'Code | Status')
const ends = tableOf(page, 'Code | Exit code')
const own = tableOf(page, 'Own code')

test('every answer of the listener is on the page with its status, and no other', () => {
  const listed = answers.map(([code = '', status]) => [code, Number(status)] as const)
  const wanted = Object.entries(problems).map(([code, { status }]) => [code, status] as const)
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(wanted))
  expect(listed).toHaveLength(wanted.length)
})

test('every code that the program ends with is on the page with its exit code', () => {
  const known = new Set<string>(errorCodes)
  for (const [code = '', exitCode] of ends) {
    expect(known, code).toContain(code)
    expect(exitCodeOf(new SidecarError(code as ErrorCode, '')), code).toBe(Number(exitCode))
  }
})

test('every code of the program is on the page', () => {
  const listed = new Set([...answers, ...ends].map(([code]) => code))
  expect(errorCodes.filter((code) => !listed.has(code))).toEqual([])
})

test('every code of a token is on the page', () => {
  const listed = own.map(([code]) => code)
  expect(listed).toEqual(['Starting', 'Entitled', 'RegionMismatch', 'RegionUnknown', ...tokenCodes])
})

test('every code says what happened and what to do', () => {
  for (const [code, , happened, remedy] of [...answers, ...ends]) {
    expect(happened, code).toMatch(/\w/)
    expect(remedy, code).toMatch(/\w/)
  }
})
