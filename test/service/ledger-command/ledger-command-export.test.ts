import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exportColumns } from '../../../src/cli/ledger/ledger-export.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import {
  accepted,
  Directories,
  hourTaken,
  lost,
  openBook,
  report,
  seal,
  send,
} from '../../support/ledger/ledger-book.ts'
import { runLedger } from '../../support/ledger/ledger-command-io.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const directories = new Directories()
const directory = directories.make()
const clock = new ManualClock('2026-03-10T09:15:00Z')
const nine = Date.parse('2026-03-10T09:00:00Z')
const strange = '=1+1, "quoted"\nline'

/** A stopped ledger: hour 9 moved (its usage to 10), hour 10 accepted, hour 11 sealed. */
beforeAll(async () => {
  const book = await openBook(directory, clock)
  await report(book, 'requests', 7, { team: 'a' })
  await report(book, strange, 1)
  await clock.advance(hourMs)
  const [first] = await seal(book, nine + hourMs, clock.now())
  await send(book, first?.id ?? 0, hourTaken)
  await clock.advance(hourMs)
  const [second] = await seal(book, nine + 2 * hourMs, clock.now())
  await send(book, second?.id ?? 0, lost, {
    kind: 'unknown',
    code: 'InternalServiceErrorException',
    message: '=HYPERLINK("x"),\nand more',
  })
  await report(book, 'requests', 2)
  await clock.advance(hourMs)
  const [third] = await seal(book, nine + 3 * hourMs, clock.now())
  await send(book, third?.id ?? 0, accepted)
  await book.close()
})

afterAll(() => directories.removeAll())

async function exportAs(format: string, ...args: string[]): Promise<string> {
  const { code, out } = await runLedger(directory, clock, ['export', '--format', format, ...args])
  expect(code).toBe(0)
  return out.map((line) => `${line}\n`).join('')
}

async function records(...args: string[]): Promise<Record<string, unknown>[]> {
  const text = await exportAs('jsonl', ...args)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** RFC 4180, written down a second time. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let at = 0
  while (at < text.length) {
    let cell = ''
    if (text[at] === '"') {
      for (at += 1; text[at] !== '"' || text[at + 1] === '"'; at += 1) {
        if (text[at] === '"') at += 1
        cell += text[at]
      }
      at += 1
    } else for (; text[at] !== ',' && text[at] !== '\r'; at += 1) cell += text[at]
    row.push(cell)
    if (text[at] === ',') at += 1
    else {
      if (text.slice(at, at + 2) !== '\r\n') throw new Error(`no line ends at ${at}`)
      at += 2
      rows.push(row)
      row = []
    }
  }
  return rows
}

describe('ledger export', () => {
  test('has every record, of every state, oldest hour first', async () => {
    const all = await records()
    expect(all.map(({ hour, dimension, state }) => [hour, dimension, state])).toEqual([
      ['2026-03-10T09:00:00.000Z', 'requests', 'moved'],
      ['2026-03-10T09:00:00.000Z', strange, 'sealed'],
      ['2026-03-10T10:00:00.000Z', 'requests', 'sending'],
      ['2026-03-10T11:00:00.000Z', 'requests', 'accepted'],
    ])
    expect(all[0]).toMatchObject({
      quantity: 7,
      allocations: [{ tags: { team: 'a' }, quantity: 7 }],
      movedTo: '2026-03-10T10:00:00.000Z',
      resource: 'task/one',
      customer: '',
      attempts: 1,
    })
    expect(all[3]).toMatchObject({ meteringRecordId: 'metering-record-1', allocations: null })
  })

  test('the columns of the CSV are the members of the JSON', async () => {
    const [first = {}] = await records()
    expect([...exportColumns]).toEqual(Object.keys(first))
  })

  test('the CSV parses back to the same values', async () => {
    const [head = [], ...rows] = parseCsv(await exportAs('csv'))
    expect(head).toEqual([...exportColumns])
    const same = (await records()).map((record) =>
      head.map((column) => {
        const value = record[column]
        if (value === null) return ''
        const text = typeof value === 'string' ? value : JSON.stringify(value)
        return typeof value === 'string' && value.startsWith('=') ? `'${text}` : text
      }),
    )
    expect(rows).toEqual(same)
  })

  test('text that a spreadsheet would run is marked as text', async () => {
    const text = await exportAs('csv')
    expect(text).toContain(`"'=1+1, ""quoted""\nline"`)
    expect(text).toContain(`"'=HYPERLINK(""x""),\nand more"`)
  })

  test('takes a span of hours, its end excluded, and a dimension', async () => {
    const hours = async (...args: string[]) =>
      (await records(...args)).map(({ hour }) => String(hour).slice(11, 13))
    expect(await hours('--since', '2026-03-10T10:00:00Z')).toEqual(['10', '11'])
    expect(await hours('--until', '2026-03-10T10:00:00Z')).toEqual(['09', '09'])
    expect(
      await hours('--since', '2026-03-10T11:00:00+01:00', '--until', '2026-03-10T11:00:00Z'),
    ).toEqual(['10'])
    expect(await hours('--dimension', strange)).toEqual(['09'])
    expect(await hours('--dimension', 'nothing')).toEqual([])
  })

  test('a CSV without records still has its head', async () => {
    expect(parseCsv(await exportAs('csv', '--dimension', 'nothing'))).toEqual([[...exportColumns]])
  })
})

describe('ledger audit', () => {
  test('shows the balance of each dimension', async () => {
    const { code, out } = await runLedger(directory, clock, ['audit'])
    expect(code).toBe(0)
    expect(out.join('\n')).toMatch(/requests +9 +0 +0 +0 +9 +0 +0\n/)
    expect(out.at(-1)).toMatch(/^Balanced/)
  })

  test('fails with exit code 1 when a unit is in no place', async () => {
    const database = new DatabaseSync(join(directory, 'ledger.db'))
    database.exec("UPDATE account SET reported_micro = 5 WHERE dimension = 'requests'")
    const { code, out, err } = await runLedger(directory, clock, ['audit', '--json'])
    database.exec("UPDATE account SET reported_micro = 0 WHERE dimension = 'requests'")
    database.close()
    expect(code).toBe(1)
    expect(err.join('')).toMatch(/^LedgerImbalanced: /)
    expect(JSON.parse(out.join(''))).toMatchObject({
      balanced: false,
      keys: [
        { dimension: strange, imbalance: '0' },
        { dimension: 'requests', reported: '9.000005', imbalance: '0.000005' },
      ],
    })
  })

  test('adds up every row, and does not trust the sums that the book keeps', async () => {
    const database = new DatabaseSync(join(directory, 'ledger.db'))
    const add = (units: string) =>
      database.exec(
        `UPDATE record_part SET quantity = quantity + ${units}
         WHERE record_id = (SELECT max(id) FROM record)`,
      )
    add('2000000')
    const { code, out } = await runLedger(directory, clock, ['audit'])
    add('-2000000')
    database.close()
    expect(code).toBe(1)
    expect(out.join('\n')).toMatch(/requests +9 +0 +0 +0 +11 +0 +-2\n/)
  })
})
