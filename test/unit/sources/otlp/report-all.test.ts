import { expect, test } from 'vitest'
import { SidecarError } from '../../../../src/kernel/errors.ts'
import type { UsageReport } from '../../../../src/metering/report.ts'
import { untagged } from '../../../../src/metering/tags.ts'
import { reportAll } from '../../../../src/sources/otlp/report-all.ts'
import type { UsageBook } from '../../../../src/sources/source.ts'

const reportOf = (number: number): UsageReport => ({
  dimension: 'requests',
  quantity: 1n,
  tags: untagged,
  occurredAt: 0,
  idempotencyKey: `otlp:${number}`,
})

/** A book that notes how many reports came together, and refuses one of them. */
function bookRefusing(bad: number) {
  const sizes: number[] = []
  const recorded = new Set<string | undefined>()
  const notHere = () => Promise.reject(new Error('no part of this test'))
  const book: UsageBook = {
    report({ reports }) {
      sizes.push(reports.length)
      if (reports.some(({ idempotencyKey }) => idempotencyKey === `otlp:${bad}`))
        return Promise.reject(new SidecarError('QuantityTooLarge', ''))
      for (const { idempotencyKey } of reports) recorded.add(idempotencyKey)
      return Promise.resolve([])
    },
    countPage: notHere,
    countStreams: notHere,
  }
  return { book, sizes, recorded }
}

test('many reports are recorded in parts, of which only that with a bad one is taken apart', async () => {
  const { book, sizes, recorded } = bookRefusing(700)
  const reports = Array.from({ length: 1200 }, (_, number) => reportOf(number))
  expect(await reportAll(book, reports)).toMatchObject([{ dimension: 'requests', points: 1 }])
  expect(recorded.size).toBe(1199)
  expect(sizes.filter((size) => size > 1)).toEqual([500, 500, 200])
  expect(sizes.filter((size) => size === 1)).toHaveLength(500)
})
