import { describe, expect, test } from 'vitest'
import { readBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import { referenceOf } from '../../../src/store/reference.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import { openBench, unit } from '../../support/ledger/ledger-bench.ts'
import { sealHours } from '../../support/ledger/seal-rules.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'

const hour = Date.parse('2026-03-10T09:00:00Z')
const name = { resource: 'pod:1', customer: '', dimension: 'requests', hour }

describe('the id that an application gets for its usage', () => {
  test('is a UUID, the same for the same hour of a dimension and different for any other', () => {
    const reference = referenceOf(name)
    expect(reference).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    expect(referenceOf({ ...name })).toBe(reference)
    const others = [
      { ...name, hour: hour + hourMs },
      { ...name, dimension: 'storage' },
      { ...name, resource: 'pod:2' },
      { ...name, customer: 'c' },
    ]
    expect(new Set([...others.map(referenceOf), reference]).size).toBe(5)
  })

  test('finds the usage while its hour is open, and the record after it', async () => {
    const bench = await openBench({ resource: 'pod:1' })
    await bench.report('requests', 3n * unit)
    await bench.report('requests', 4n * unit)
    const find = (reference: string) =>
      readBook(bench.directory, (book) => book.find(reference, bench.clock.now()))
    expect(await find(referenceOf(name).toUpperCase())).toEqual({
      kind: 'open',
      open: { customer: '', dimension: 'requests', hour, quantity: 7n * unit },
    })
    await bench.clock.advance(hourMs)
    const [record] = await sealHours(bench.ledger, bench.clock)
    expect(await find(referenceOf(name))).toEqual({ kind: 'record', record })
  })

  test("of AWS finds the record too, and a stranger's id nothing", async () => {
    const bench = await openBench({ resource: 'pod:1' })
    await bench.report('requests', unit)
    await bench.clock.advance(hourMs)
    const [record] = await sealHours(bench.ledger, bench.clock)
    const meteringRecordId = '0e380b56-08ff-4157-a7be-603a0a030ea1'
    await markSending(bench.ledger, record?.id ?? 0)
    await settle(bench.ledger, record?.id ?? 0, { kind: 'accepted', meteringRecordId })
    const find = (reference: string) => readBook(bench.directory, (book) => book.find(reference, 0))
    expect(await find(meteringRecordId)).toMatchObject({
      kind: 'record',
      record: { id: record?.id },
    })
    expect(await find('00000000-0000-4000-8000-000000000000')).toBeUndefined()
  })
})
