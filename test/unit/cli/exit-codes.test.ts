import { expect, test } from 'vitest'
import { exitCodeOf, exitCodes } from '../../../src/cli/exit-codes.ts'
import { SidecarError, type ErrorCode } from '../../../src/kernel/errors.ts'
import { exitTable } from '../../../src/kernel/problems/exit-table.ts'
import { problemTable } from '../../../src/kernel/problems/problem-table.ts'

test('every error code ends the program with a failure', () => {
  const codes = [...Object.keys(problemTable), ...Object.keys(exitTable)] as ErrorCode[]
  for (const code of codes)
    expect(exitCodeOf(new SidecarError(code, '')), code).toBeGreaterThan(exitCodes.ok)
})

test('mistakes that another start cannot fix have other codes than those that it can', () => {
  const codeOf = (code: ErrorCode) => exitCodeOf(new SidecarError(code, ''))
  expect(codeOf('InvalidSettings')).toBe(exitCodes.misconfigured)
  expect(codeOf('LedgerInUse')).toBe(exitCodes.storage)
  expect(codeOf('LedgerFailed')).toBe(exitCodes.ledgerFailed)
  expect(codeOf('ListenFailed')).toBe(exitCodes.failed)
})
