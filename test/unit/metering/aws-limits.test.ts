import { expect, test } from 'vitest'
import { awsLimits } from '../../../src/metering/aws-limits.ts'

test('the characters of a product code stand between the brackets of a pattern', () => {
  const pattern = new RegExp(`^[${awsLimits.productCodeCharacters}]$`)
  expect('aB9-/=:_.@'.split('').every((character) => pattern.test(character))).toBe(true)
  expect(' +#,'.split('').some((character) => pattern.test(character))).toBe(false)
})

test('tags have the characters that AWS documents', () => {
  for (const character of '+ -=._:/@') expect(awsLimits.tagCharacters).toContain(character)
})

test('records are accepted for six hours from a task or pod, and for a day of a customer', () => {
  const { meterUsageWindowMs, batchMeterUsageWindowMs } = awsLimits
  expect([meterUsageWindowMs, batchMeterUsageWindowMs]).toEqual([21_600_000, 86_400_000])
})
