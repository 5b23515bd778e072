import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ledgerHelp } from '../../../src/cli/ledger/ledger-command.ts'
import { defaultBakedProductFile } from '../../../src/config/load-settings.ts'
import type { Ledger } from '../../../src/ledger/ledger.ts'
import { operatorActionTable } from '../../../src/metering/record/operator-table.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { Settlement } from '../../../src/metering/record/record.ts'
import { recordStateTable } from '../../../src/metering/record/record-states.ts'
import {
  Directories,
  hourTaken,
  lost,
  openBook,
  refused,
  report,
  seal,
  send,
} from '../../support/ledger/ledger-book.ts'
import { ledgerJson, runLedger } from '../../support/ledger/ledger-command-io.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const directories = new Directories()
const nine = Date.parse('2026-03-10T09:00:00Z')
const wrongCode: Settlement = {
  kind: 'refused',
  code: 'InvalidProductCodeException',
  message: 'The product code is invalid.',
}
let directory: string
let clock: ManualClock
let book: Ledger

beforeEach(async () => {
  directory = directories.make()
  clock = new ManualClock('2026-03-10T09:15:00Z')
  book = await openBook(directory, clock)
})

afterEach(async () => {
  await expectBalanced()
  await book.close()
  directories.removeAll()
})

async function expectBalanced(): Promise<void> {
  expect(await run('audit')).toMatchObject({ code: 0, err: [] })
}

const run = (...args: string[]) => runLedger(directory, clock, args)
const json = (...args: string[]) => ledgerJson(directory, clock, ...args)
const type = (typed: string, ...args: string[]) => runLedger(directory, clock, args, {}, { typed })

/** A record of 9 o'clock after these answers, at 10:15. */
async function recordAfter(...answers: readonly Settlement[]): Promise<string> {
  await report(book, 'seats', 3, { team: 'a' })
  await clock.advance(hourMs)
  const [record] = await seal(book, nine + hourMs, clock.now())
  await send(book, record?.id ?? 0, ...answers)
  return String(record?.id)
}

/** Usage of 9 o'clock that the guard holds: 150 requests, 50 of them tagged. */
async function heldUsage(): Promise<void> {
  await book.close()
  book = await openBook(directory, clock, undefined, undefined, () => 100_000_000n)
  await report(book, 'requests', 100)
  await report(book, 'requests', 50, { team: 'a' })
  await clock.advance(hourMs)
  await seal(book, nine + hourMs, clock.now())
}

describe('a decision that cannot be undone', () => {
  test('is asked for on a terminal, with what it is about', async () => {
    const id = await recordAfter(lost, hourTaken)
    const { code, err } = await type('n\n', 'resolve', id, '--resend', '--force')
    expect(code).toBe(1)
    const text = err.join(' ')
    expect(text).toContain(`record ${id} (seats, 2026-03-10T09h, 3 units)`)
    expect(text).toContain('This cannot be undone.')
    expect(text).toMatch(/y\/N Nothing was changed\.$/)
    expect(await json('show', id)).toMatchObject({ state: 'unresolved' })
  })

  test.each(['y\n', 'Yes\n', 'y'])('is made after %j', async (typed) => {
    const id = await recordAfter(lost, hourTaken)
    expect((await type(typed, 'resolve', id, '--delivered')).code).toBe(0)
    expect(await json('show', id)).toMatchObject({ state: 'accepted' })
  })

  test.each(['', '\n', 'n\ny\n', 'marketplace-sidecar ledger show\ny\n', 'yellow\n'])(
    'is not made after %j',
    async (typed) => {
      const id = await recordAfter(lost, hourTaken)
      expect((await type(typed, 'resolve', id, '--delivered')).code).toBe(1)
      expect(await json('show', id)).toMatchObject({ state: 'unresolved' })
    },
  )

  test.each([
    ['resolve', ['--delivered'], [lost, hourTaken]],
    ['resolve', ['--resend', '--force'], [lost, hourTaken]],
    ['void', ['--reason', 'a test'], [refused]],
  ] as const)(
    'without a terminal "%s" %j needs --yes, whatever a pipe says',
    async (name, options, answers) => {
      const id = await recordAfter(...answers)
      const before = await json('show', id)
      await expect(run(name, id, ...options)).rejects.toMatchObject({
        code: 'InvalidArguments',
        message: expect.stringMatching(/cannot be undone.*add --yes/),
      })
      expect(await json('show', id)).toEqual(before)
      expect((await run(name, id, ...options, '--yes')).code).toBe(0)
    },
  )

  test('each of the table is asked for, and retry is not', () => {
    const final = Object.entries(operatorActionTable).filter(([, row]) => row.final)
    expect(final.map(([name]) => name)).toEqual([
      'reopen',
      'release',
      'resolve-delivered',
      'resolve-resend',
      'void',
    ])
    for (const [, { question }] of final) expect(question).toMatch(/^(It|Its) .*\.$/)
  })
})

test('nothing that is printed for people to copy is a pipe to a shell', () => {
  const docs = join(import.meta.dirname, '../../../docs')
  const pages = globSync('**/*.md', { cwd: docs }).map((name) =>
    readFileSync(join(docs, name), 'utf8'),
  )
  const advice = Object.values(recordStateTable).map((row) => row.advice)
  for (const text of [ledgerHelp, ...pages, ...advice])
    expect(text).not.toMatch(/ledger (?:\w+ )*[^\n`|]*--\w+\|/)
})

describe('ledger release', () => {
  test('bills held usage with the current hour and says so', async () => {
    await heldUsage()
    const { out } = await run('show')
    expect(out.join('\n')).toMatch(
      /Held: .*\n.*reason.*\n *1 {2}2026-03-10T09h {2}requests .*150 {2}guard/,
    )
    expect(await json('release', '1', '--yes')).toEqual({
      action: 'release',
      id: 1,
      customer: '',
      dimension: 'requests',
      hour: '2026-03-10T09:00:00.000Z',
      quantity: '150',
      releasedTo: '2026-03-10T10:00:00.000Z',
    })
    expect(await json('show')).toMatchObject({
      held: [],
      open: [{ quantity: '100' }, { quantity: '50' }],
    })
  })

  test('asks on a terminal, and needs an id that is held', async () => {
    await heldUsage()
    const { err } = await type('n\n', 'release', '1')
    expect(err.join(' ')).toContain('150 requests of 2026-03-10T09h (held: guard): It is billed')
    await expect(run('release', '7', '--yes')).rejects.toMatchObject({ code: 'HeldNotFound' })
    await expect(run('release', '--yes')).rejects.toMatchObject({ code: 'InvalidArguments' })
  })
})

describe('ledger void', () => {
  test('writes off a refused record, with its trail', async () => {
    const id = await recordAfter(refused)
    const { out } = await run('void', id, '--reason', 'a test of ours', '--yes')
    expect(out.join(' ')).toBe(
      `Written off: record ${id} (seats, 2026-03-10T09h, 3 units). Its 3 units are never billed.`,
    )
    expect(await json('show', id)).toMatchObject({
      state: 'moved',
      movedTo: null,
      lastCode: 'WrittenOff',
      lastMessage: expect.stringContaining('a test of ours'),
    })
    expect(await json('show')).toMatchObject({
      refused: [],
      voided: [
        {
          record: Number(id),
          productCode: 'product-1',
          customer: '',
          dimension: 'seats',
          hour: '2026-03-10T09:00:00.000Z',
          tags: { team: 'a' },
          quantity: '3',
          reason: 'a test of ours',
          at: '2026-03-10T10:15:00.000Z',
        },
      ],
    })
    expect(await json('audit')).toMatchObject({ keys: [{ recorded: '0', void: '3' }] })
  })

  test('writes off held usage first, then open usage', async () => {
    await heldUsage()
    await report(book, 'requests', 10)
    const usage = ['--dimension', 'requests', '--quantity', '154.5', '--reason', 'loop']
    expect((await run('void', ...usage, '--yes')).out.join(' ')).toContain('154.5 requests')
    expect(await json('show')).toMatchObject({ held: [], open: [{ quantity: '5.5' }] })
  })

  test('leaves usage of other tag sets where it is', async () => {
    await heldUsage()
    const usage = ['--dimension', 'requests', '--reason', 'loop', '--tags', 'team=a', '--yes']
    await run('void', ...usage, '--quantity', '20')
    expect(await json('show')).toMatchObject({ held: [{ quantity: '130', reason: 'guard' }] })
    const tooMuch = run('void', ...usage, '--quantity', '31')
    await expect(tooMuch).rejects.toMatchObject({
      code: 'UsageNotFound',
      message: expect.stringContaining('Only 30 requests'),
    })
    expect(await json('show')).toMatchObject({ held: [{ quantity: '130' }] })
  })

  test.each([
    [['1', '--yes']],
    [['1', '--reason', ' ', '--yes']],
    [['1', '--reason', 'x', '--dimension', 'requests', '--quantity', '1', '--yes']],
    [['--reason', 'x', '--dimension', 'requests', '--yes']],
    [['--reason', 'x', '--quantity', '1', '--yes']],
    [['--reason', 'x', '--dimension', 'requests', '--quantity', '0', '--yes']],
    [['--reason', 'x', '--dimension', 'a', '--quantity', '1', '--tags', 'team', '--yes']],
  ])('refuses %j', async (args) => {
    await expect(run('void', ...args)).rejects.toMatchObject({ code: 'InvalidArguments' })
  })
})

describe('what was decided', () => {
  const exported = async (...more: string[]) =>
    (await run('export', '--format', 'jsonl', ...more)).out.map(
      (line) => JSON.parse(line) as Record<string, unknown>,
    )

  test('is exported, oldest first, and stays with a book that changes hands', async () => {
    const id = await recordAfter(refused)
    await run('retry', id)
    await send(book, Number(id), refused)
    await run('void', id, '--reason', 'a test of ours', '--yes')
    await book.close()
    book = await openBook(directory, clock, 'pod:new')
    const about = {
      id: Number(id),
      customer: '',
      dimension: 'seats',
      hour: '2026-03-10T09:00:00.000Z',
    }
    const at = '2026-03-10T10:15:00.000Z'
    expect(await exported('--decisions')).toEqual([
      { number: 1, at, action: 'retry', ...about, quantity: '3', reason: null },
      { number: 2, at, action: 'void', ...about, quantity: '3', reason: 'a test of ours' },
    ])
    const { out } = await run('export', '--format', 'csv', '--decisions')
    expect(out[0]?.trim()).toBe('number,at,action,id,dimension,hour,quantity,reason,customer')
    expect(out[2]).toContain(',void,')
  })

  test('leaves written-off usage in the export of records, in what the application counts', async () => {
    await heldUsage()
    const usage = ['--dimension', 'requests', '--quantity', '100.5', '--reason', 'loop']
    await run('void', ...usage, '--yes')
    const rows = (await exported()).filter(({ state }) => state === 'void')
    expect(rows).toMatchObject([
      {
        id: null,
        customer: '',
        productCode: 'product-1',
        quantity: '100',
        divisor: 1,
        allocations: null,
        lastMessage: 'loop',
      },
      { quantity: '0.5', allocations: [{ tags: { team: 'a' }, quantity: '0.5' }] },
    ])
    expect(await exported('--dimension', 'seats')).toEqual([])
    expect(await exported('--since', '2026-03-10T10:00:00Z')).toEqual([])
    const { out } = await run('export', '--format', 'csv')
    expect(out.at(-1)).toContain(',void,')
  })
})

describe('ledger reopen', () => {
  const env = {
    SIDECAR_PRODUCT_CODE: 'product-2',
    SIDECAR_ROUTE: 'metered',
    SIDECAR_DIMENSIONS: 'seats',
  }
  const reopen = (id: string, ...more: string[]) =>
    runLedger(directory, clock, ['reopen', id, '--yes', ...more], env)

  test("seals a refused record again with today's product code, in its own hour", async () => {
    const id = await recordAfter(wrongCode)
    const { out } = await reopen(id)
    expect(out.join(' ')).toContain('open usage of 2026-03-10T09h as seats of product-2.')
    expect(await json('show', id)).toMatchObject({
      state: 'moved',
      lastCode: 'Reopened',
      movedTo: '2026-03-10T09:00:00.000Z',
    })
    const [again] = await seal(book, nine + hourMs, clock.now())
    expect(again).toMatchObject({ productCode: 'product-2', hour: nine, quantity: 3_000_000n })
  })

  test('needs to know the product', async () => {
    const id = await recordAfter(wrongCode)
    await expect(run('reopen', id, '--yes')).rejects.toMatchObject({ code: 'InvalidSettings' })
  })
})

describe('where a product file is baked in', () => {
  const bakedWith = (operator: unknown) => ({
    files: {
      [defaultBakedProductFile]: JSON.stringify({
        productCode: 'product-1',
        route: 'metered',
        dimensions: ['seats'],
        ...(operator !== undefined && { operator }),
      }),
    },
  })

  test.each([
    ['void', ['--reason', 'x'], [refused]],
    ['resolve', ['--delivered'], [lost, hourTaken]],
  ] as const)('"%s" %j needs its permission', async (name, options, answers) => {
    const id = await recordAfter(...answers)
    const args = [name, id, ...options, '--yes']
    const before = await json('show', id)
    const permission = name === 'void' ? 'void' : 'resolve-delivered'
    const other = name === 'void' ? 'resolve-delivered' : 'void'
    for (const operator of [undefined, { allow: [] }, { allow: [other] }, 'nonsense'])
      await expect(
        runLedger(directory, clock, args, {}, bakedWith(operator)),
      ).rejects.toMatchObject({ code: 'OperatorNotAllowed' })
    expect(await json('show', id)).toEqual(before)
    const allowed = bakedWith({ allow: [permission] })
    expect((await runLedger(directory, clock, args, {}, allowed)).code).toBe(0)
  })

  test('resolve --resend needs none', async () => {
    const id = await recordAfter(lost, hourTaken)
    const args = ['resolve', id, '--resend', '--force', '--yes']
    expect((await runLedger(directory, clock, args, {}, bakedWith(undefined))).code).toBe(0)
  })
})
