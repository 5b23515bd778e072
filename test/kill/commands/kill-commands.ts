import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { auditBook, imbalancesOf } from '../../../src/ledger/audit/audit.ts'
import { readDecisions } from '../../../src/ledger/decisions/trail.ts'
import { decisionsNote } from '../../../src/store/summary.ts'
import { hourMs } from '../../../src/metering/hour.ts'
import type { Settlement } from '../../../src/metering/record/record.ts'
import { readBook } from '../../../src/store/sqlite/file/commands/book-file.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import {
  hourTaken,
  lost,
  openBook,
  refused,
  report,
  seal,
  send,
} from '../../support/ledger/ledger-book.ts'
import type { Chance } from '../chance.ts'
import { runCommand } from './operator-process.ts'

interface CommandKills {
  readonly violations: readonly string[]
  /** By what it was: how often a command was killed before and after what it decided was in the book. */
  readonly counts: Readonly<Record<string, number>>
}

/** A command runs about this many statements. */
const mostStatements = 14
const env = {
  SIDECAR_PRODUCT_CODE: 'product-2',
  SIDECAR_ROUTE: 'metered',
  SIDECAR_DIMENSIONS: 'seats,calls,storage,requests',
}

/**
 * Kills every command of operators, each on a copy of one book, before a statement that chance draws. The
 * decision must be in the book whole, with its trail, or not at all, and can then be made.
 */
export async function runCommandKills(
  options: { readonly directory: string; readonly kills: number },
  chance: Chance,
): Promise<CommandKills> {
  const place = join(options.directory, 'commands')
  const [ready, data] = [join(place, 'ready'), join(place, 'data')]
  const target = join(place, 'backup.db')
  const commands = await prepare(ready, target)
  const before = await contentOf(ready)
  const violations: string[] = []
  const counts: Record<string, number> = {}
  const renew = () => {
    for (const old of [data, target]) rmSync(old, { recursive: true, force: true })
    cpSync(ready, data, { recursive: true })
  }
  const expectation = new Map<string, string>()
  for (const [name, words] of commands) {
    renew()
    const end = await runCommand(words, data, { env })
    if (end !== 'done') violations.push(`${name} was ${end} where nothing killed it`)
    expectation.set(name, await contentOf(data))
  }
  for (let kill = 0; kill < Math.max(options.kills, commands.length); kill += 1) {
    const [name, words] = commands[kill % commands.length] ?? ['', []]
    const after = expectation.get(name)
    await killOnce(name, words)
    const found = await contentOf(data)
    if (found !== before && found !== after) violations.push(`${name}, killed, left ${found}`)
    const wasDone = name === 'backup' ? existsSync(target) : found === after
    const label = `${name} killed ${wasDone ? 'after' : 'before'} its end`
    counts[label] = (counts[label] ?? 0) + 1
    if (name === 'backup' && wasDone) {
      const copy = join(place, 'copy')
      rmSync(copy, { recursive: true, force: true })
      mkdirSync(copy)
      cpSync(target, join(copy, 'ledger.db'))
      if ((await contentOf(copy)) !== before) violations.push('a backup is not the book')
    }
    if (wasDone) continue
    if ((await runCommand(words, data, { env })) !== 'done')
      violations.push(`${name} cannot be run after it was killed`)
    else if ((await contentOf(data)) !== after)
      violations.push(`${name}, run again after it was killed, left ${await contentOf(data)}`)
  }
  return { violations: violations.map((text) => `command: ${text}`), counts }

  async function killOnce(name: string, words: readonly string[]): Promise<void> {
    if (name === 'backup' && chance.happens(0.5)) {
      renew()
      await killAtDraft(words)
      return
    }
    // Of a command with few statements the first is tried before this gives up.
    for (
      let at = chance.integer(1, mostStatements);
      at >= 1;
      at = at === 1 ? 0 : chance.integer(1, at - 1)
    ) {
      renew()
      if ((await runCommand(words, data, { env, killAtStatement: at })) === 'killed') return
    }
    violations.push(`${name} runs no statement before which it could be killed`)
  }

  /** Kills a backup while the copy is made, before it has its name. */
  async function killAtDraft(words: readonly string[]): Promise<void> {
    let watching = true
    await runCommand(words, data, {
      env,
      onStart: (kill) => {
        const look = () => {
          if (readdirSync(place).some((name) => name.startsWith('.ledger-backup-'))) kill()
          else if (watching) setImmediate(look)
        }
        look()
      },
    })
    watching = false
    for (const name of readdirSync(place))
      if (name.startsWith('.ledger-backup-')) rmSync(join(place, name), { recursive: true })
  }
}

const unknownCode: Settlement = {
  kind: 'refused',
  code: 'InvalidProductCodeException',
  message: 'The product code is invalid.',
}

/** A book with something for every command to decide, and the commands. */
async function prepare(
  directory: string,
  target: string,
): Promise<(readonly [name: string, words: readonly string[]])[]> {
  mkdirSync(directory, { recursive: true })
  const clock = new ManualClock('2026-03-10T09:15:00Z')
  const hour = Date.parse('2026-03-10T09:00:00Z')
  const limit = (dimension: string) => (dimension === 'requests' ? 100_000_000n : undefined)
  const book = await openBook(directory, clock, undefined, undefined, limit)
  for (const [dimension, quantity] of [
    ['seats', 3],
    ['calls', 7],
    ['storage', 5],
    ['requests', 150],
  ] as const)
    await report(book, dimension, quantity)
  await clock.advance(hourMs)
  const records = await seal(book, hour + hourMs, clock.now())
  const idOf = (dimension: string) =>
    records.find((record) => record.dimension === dimension)?.id ?? Number.NaN
  await send(book, idOf('seats'), refused)
  await send(book, idOf('calls'), unknownCode)
  await send(book, idOf('storage'), lost, hourTaken)
  const [held] = (await book.usage()).held
  await book.close()
  const command = (words: string) => words.split(' ')
  return [
    ['retry', command(`retry ${idOf('seats')}`)],
    ['reopen', command(`reopen ${idOf('calls')} --yes`)],
    ['release', command(`release ${held?.id} --yes`)],
    ['resolve --delivered', command(`resolve ${idOf('storage')} --delivered --yes`)],
    ['resolve --resend', command(`resolve ${idOf('storage')} --resend --force --yes`)],
    ['void of a record', command(`void ${idOf('seats')} --reason test --yes`)],
    ['void of usage', command('void --dimension requests --quantity 20 --reason test --yes')],
    ['backup', ['backup', target]],
  ]
}

/** What a book holds, without what depends on when a command ran. */
function contentOf(directory: string): Promise<string> {
  return readBook(directory, async (book) => {
    const { open, held, fractions, voided, owner } = await book.overview(0)
    const amounts = (rows: readonly { readonly dimension: string; readonly quantity: bigint }[]) =>
      rows.map(({ dimension, quantity }) => `${dimension} ${quantity}`).toSorted()
    const records: string[] = []
    for await (const { id, state, attempts } of book.records(all))
      records.push(`${id} ${state} ${attempts}`)
    const note = await book.note(owner?.identity ?? '', decisionsNote)
    return JSON.stringify({
      open: amounts(open),
      held: amounts(held),
      fractions: amounts(fractions),
      voided: amounts(voided),
      records,
      decisions: readDecisions(note).map(({ action, id }) => `${action} ${id}`),
      imbalances: imbalancesOf(auditBook(await book.accountSums())).length,
    })
  })
}

const all = { since: undefined, until: undefined, dimension: undefined }
