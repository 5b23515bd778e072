import { expect, test } from 'vitest'
import { logAudit } from '../../../src/ledger/audit/log-audit.ts'
import { logOpening, logTakeover } from '../../../src/ledger/opening/log-opening.ts'
import type { Opening } from '../../../src/ledger/opening/open-book.ts'
import { recordOf } from '../../support/fleet/fleet.ts'

type Line = [event: string, message: string, fields: unknown]
const nothing: Opening = { abandoned: [], holds: false, retired: [], reopened: [] }
const key = {
  productCode: 'product',
  customer: '',
  dimension: 'requests',
  divisor: 7n,
  aggregate: 'sum',
  scope: 'resource',
} as const

function linesOf(opening: Partial<Opening>): Line[] {
  const lines: Line[] = []
  logOpening('pod:new', { ...nothing, ...opening }, (...[event, message, fields]) => {
    lines.push([event, message, fields])
  })
  return lines
}

test('an opening of which there is nothing to say says nothing', () => {
  expect(linesOf({})).toEqual([])
})

test('a takeover says whose usage it was, and whether it is billed or held', () => {
  const [carried, second] = linesOf({ abandoned: ['pod:old', 'pod:older'] })
  expect(carried).toEqual(['ledger.adopted', expect.any(String), { from: 'pod:old' }])
  expect(second?.[2]).toEqual({ from: 'pod:older' })
  expect(carried?.[1]).toMatch(
    /^The ledger belonged to pod:old\. What AWS had not accepted is billed by pod:new in its current/,
  )
  const [held] = linesOf({ abandoned: ['pod:old'], holds: true })
  expect(held?.[1]).toContain(
    'accepted is held until an operator decides, because late usage is held, but records of customers',
  )
  const later: unknown[] = []
  logTakeover('pod:new', { abandoned: ['pod:old'], holds: true }, (...line) => later.push(line))
  expect(later).toEqual([held])
})

test('a record that is sent under the names of today says so', () => {
  const record = { ...recordOf('task', 0, 7), lastCode: 'InvalidProductCodeException' }
  const [line] = linesOf({ reopened: [record] })
  expect(line).toEqual([
    'record.reopened',
    expect.stringMatching(/^Record 7 of d7 was refused \(InvalidProductCodeException\), and .*\.$/),
    {
      record: 7,
      dimension: 'd7',
      hour: '1970-01-01T00:00:00.000Z',
      code: 'InvalidProductCodeException',
    },
  ])
})

test.each([
  [0n, 0n, 1, [' Readings of one hour are sealed and sent with them.']],
  [5n, 0n, 0, [' 0.000005 units that were reported with them are sealed and sent with them.']],
  [0n, 3n, 0, [' A fraction of 0.000003 units is billed only with further usage of that kind.']],
  [
    5n,
    3n,
    2,
    [
      ' Readings of 2 hours are sealed and sent with them.',
      ' 0.000005 units that were reported with them are sealed and sent with them.',
      ' A fraction of 0.000003 units is billed only with further usage of that kind.',
    ],
  ],
])(
  'a retired account with %s open, a fraction of %s and %s hours of readings says what becomes of it',
  (open, fraction, readingHours, said) => {
    const what = 'The product file no longer has requests with product code product and divisor 7.'
    expect(linesOf({ retired: [{ key, open, fraction, readingHours }] })).toEqual([
      [
        'ledger.retired',
        [what, ...said].join(''),
        { dimension: 'requests', productCode: 'product', divisor: '7' },
      ],
    ])
  },
)

test('an audit says what it found wrong, and nothing else', () => {
  const lines: unknown[] = []
  const log = (...line: unknown[]) => void lines.push(line)
  logAudit(log, [], [])
  expect(lines).toEqual([])
  const sums = { open: 0n, fraction: 0n, held: 0n, recorded: 0n, void: 0n }
  const wrong = { ...key, ...sums, reported: 3n, imbalance: 3n }
  logAudit(log, [wrong], [{ meteringRecordId: 'm-1', records: [4, 5] }])
  expect(lines).toEqual([
    [
      'ledger.imbalance',
      expect.stringMatching(/^The books of requests do not balance: 3 micro-units were .*\.$/),
      { dimension: 'requests', microUnits: '3' },
    ],
    [
      'ledger.shared-id',
      expect.stringMatching(/^Records 4, 5 .*MeteringRecordId, m-1: .*\.$/),
      { meteringRecordId: 'm-1', records: [4, 5] },
    ],
  ])
})
