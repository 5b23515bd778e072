import { expect, test } from 'vitest'
import { exitCodeOf } from '../../src/cli/exit-codes.ts'
import { SidecarError, type ErrorCode } from '../../src/kernel/errors.ts'
import { exitTable } from '../../src/kernel/problems/exit-table.ts'
import { ownCodeTable } from '../../src/kernel/problems/own-code-table.ts'
import { problemTable } from '../../src/kernel/problems/problem-table.ts'
import { readPage, tableOf } from './page.ts'

const page = readPage('reference/errors.md')
const answers = tableOf(page, 'Code | Status')
const ends = tableOf(page, 'Code | Exit code')
const own = tableOf(page, 'Own code')

test('every answer of the listener is on the page with its status, and no other', () => {
  const listed = answers.map(([code = '', status]) => [code, Number(status)] as const)
  const wanted = Object.entries(problemTable).map(([code, { status }]) => [code, status] as const)
  expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(wanted))
  expect(listed).toHaveLength(wanted.length)
})

test('every code that the program ends with is on the page with its exit code, and no other', () => {
  const listed = ends.map(([code = '', exitCode]) => [code, Number(exitCode)] as const)
  const wanted = (Object.keys(exitTable) as ErrorCode[]).map(
    (code) => [code, exitCodeOf(new SidecarError(code, ''))] as const,
  )
  expect(listed).toEqual(wanted)
})

test('every code of the program is on the page', () => {
  const listed = new Set([...answers, ...ends].map(([code]) => code))
  const codes = [...Object.keys(problemTable), ...Object.keys(exitTable)]
  expect(codes.filter((code) => !listed.has(code))).toEqual([])
})

test('every own code is on the page', () => {
  const listed = own.map(([code]) => code)
  expect(listed).toEqual(Object.keys(ownCodeTable))
})

test('every code says what happened and what to do', () => {
  for (const [code, , happened, remedy] of [...answers, ...ends]) {
    expect(happened, code).toMatch(/\w/)
    expect(remedy, code).toMatch(/\w/)
  }
})
