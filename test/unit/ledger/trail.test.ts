import { expect, test } from 'vitest'
import {
  aboutHeld,
  aboutRecord,
  aboutUsage,
  mergeDecisions,
  noteDecision,
  readDecisions,
} from '../../../src/ledger/decisions/trail.ts'
import { decisionsNote } from '../../../src/store/summary.ts'
import { recordOf } from '../../support/fleet/fleet.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'

const about = { id: 1, dimension: 'requests', hour: 0, quantity: '1', reason: null }

test('decisions are numbered from 1 on, and the last thousand are kept', () => {
  const page = openPage(new ModelBook(), 'pod:1')
  expect(readDecisions(page.noted(decisionsNote))).toEqual([])
  for (let at = 1; at <= 1002; at += 1) noteDecision(page, { at, action: 'retry', ...about })
  const kept = readDecisions(page.noted(decisionsNote))
  expect(kept).toHaveLength(1000)
  expect(kept[0]).toEqual({ number: 3, at: 3, action: 'retry', ...about })
  expect(kept.at(-1)).toMatchObject({ number: 1002, at: 1002 })
})

test('decisions of several tasks are one list, and one that a task went on with is there once', () => {
  const noted = (resource: string, ats: readonly number[], before?: string) => {
    const page = openPage(new ModelBook(), resource)
    if (before !== undefined) page.note(decisionsNote, before)
    for (const at of ats) noteDecision(page, { at, action: 'retry', ...about })
    return page.noted(decisionsNote) ?? ''
  }
  const first = noted('pod:1', [1, 4])
  const merged = mergeDecisions([first, noted('pod:2', [2, 3]), noted('pod:3', [5], first)])
  expect(merged.map(({ at, number }) => [at, number])).toEqual([
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 2],
    [5, 3],
  ])
})

test('a decision about a record has its quantity in what the application counts', () => {
  const account = {
    productCode: 'product',
    customer: '',
    dimension: 'd7',
    divisor: 4n,
    aggregate: 'sum',
    scope: 'resource',
  } as const
  const parts = [1_500_000n, 1_000_000n].map((quantity) => ({
    account,
    quantity,
    allocations: undefined,
  }))
  expect(aboutRecord({ ...recordOf('task', 9, 7), parts })).toEqual({
    id: 7,
    customer: '',
    dimension: 'd7',
    hour: 9,
    quantity: '10',
    reason: null,
  })
})

test('what a decision about held usage is about is its id, dimension, hour and quantity', () => {
  const held = {
    account: { customer: 'acme', dimension: 'requests' },
    hour: 3_600_000,
    quantity: 2_500_000n,
  }
  expect(aboutHeld(7, held)).toEqual({
    id: 7,
    customer: 'acme',
    dimension: 'requests',
    hour: 3_600_000,
    quantity: '2.5',
    reason: null,
  })
})

test('what a decision about usage of several hours is about has neither id nor hour', () => {
  const usage = {
    dimension: 'requests',
    quantity: 2_500_000n,
    tags: undefined,
    customer: 'acme',
    reason: 'a test load',
  }
  expect(aboutUsage(usage)).toEqual({
    id: null,
    customer: 'acme',
    dimension: 'requests',
    hour: null,
    quantity: '2.5',
    reason: 'a test load',
  })
})
