import { expect, test } from 'vitest'
import { exitCodeOf, exitCodes } from '../../../src/cli/exit-codes.ts'
import { errorCodes, SidecarError } from '../../../src/kernel/errors.ts'

test('every error code ends the program with a failure', () => {
  for (const code of errorCodes)
    expect(exitCodeOf(new SidecarError(code, '')), code).toBeGreaterThan(exitCodes.ok)
})

test('mistakes that another start cannot fix have other codes than those that it can', () => {
  const codeOf = (code: (typeof errorCodes)[number]) => exitCodeOf(new SidecarError(code, ''))
  expect(codeOf('InvalidSettings')).toBe(exitCodes.misconfigured)
  expect(codeOf('LedgerInUse')).toBe(exitCodes.storage)
  expect(codeOf('LedgerFailed')).toBe(exitCodes.ledgerFailed)
  expect(codeOf('ListenFailed')).toBe(exitCodes.failed)
})
