import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { ledgerHelp } from '../../src/cli/ledger/ledger-command.ts'
import { readBook } from '../../src/store/sqlite/file/commands/book-file.ts'
import { fullNameOf, metricTable } from '../../src/observe/prometheus/metric-table.ts'
import { readRules } from '../alerts/alert-rules.ts'
import { openBench, temporaryDirectory, unit } from '../support/ledger/ledger-bench.ts'
import { runLedger } from '../support/ledger/ledger-command-io.ts'
import { root } from '../support/program/program.ts'
import { readPage, tableOf } from './page.ts'

const triage = readPage('operate/runbook.md')
const listed = [...triage.matchAll(/\| \[(\w+)\]\((symptoms\/[\w-]+\.md)\) \|$/gm)].map(
  ([, title = '', file = '']) => ({ title, file, text: readPage(`operate/${file}`) }),
)
const page = [triage, ...listed.map(({ text }) => text)].join('\n')
const questions = ['What it means', 'What is lost, and when', 'Look', 'Do']

describe('the runbook', () => {
  test('has a page for each alert, in their order, and no other', () => {
    expect(listed.map(({ title }) => title)).toEqual(readRules().map(({ alert }) => alert))
    const files = globSync('*.md', { cwd: join(root, 'docs/operate/symptoms') })
    expect(listed.map(({ file }) => basename(file)).toSorted()).toEqual(files.toSorted())
  })

  test.each(listed)('$title answers every question, in 100 columns', ({ title, text }) => {
    expect(text.startsWith(`# ${title}\n`)).toBe(true)
    const asked = [...text.matchAll(/^## (.+)\n\n\S/gm)].map(([, question]) => question)
    expect(asked).toEqual(questions)
    const wide = text.split('\n').filter((line) => line.length > 100 && line.includes(' '))
    expect(wide.filter((line) => !line.startsWith('|'))).toEqual([])
  })

  test.each(listed)('$title names something to look with', ({ text }) => {
    const look = text.split('## Look\n')[1]?.split('## Do\n')[0] ?? ''
    expect(look).toMatch(/`(curl|marketplace-sidecar|kubectl|df|date|marketplace_)|The answers/)
  })

  const commands = [...page.matchAll(/`marketplace-sidecar\s([^`]+)`/g)].map(([, words = '']) =>
    words.replaceAll(/\s+/g, ' '),
  )

  test.each(commands)('the command "%s" exists', (words) => {
    const [name = '', action = ''] = words.split(' ')
    expect(commandNames()).toContain(name)
    if (name !== 'ledger') return
    const usage = ledgerHelp.split('\n').find((line) => line.startsWith(`  ${action} `))
    expect(usage, 'the action').toBeDefined()
    for (const option of words.match(/--[a-z-]+/g) ?? []) expect(ledgerHelp).toContain(option)
  })

  test('every address that is called exists', () => {
    const routes = tableOf(readPage('reference/http-api.md'), 'Listener').map(([, route = '']) =>
      route.replace(/^GET /, ''),
    )
    const asked = [...page.matchAll(/curl [^`]*?:(?:7070|9464)(\/[\w/]*)/g)].map(([, path]) => path)
    expect(asked.length).toBeGreaterThan(10)
    const known = [...routes, ...routes.map((route) => route.replace(/^POST /, ''))]
    expect(asked.filter((path = '') => !known.includes(path))).toEqual([])
  })

  test('the commands that fetch a copy fetch a ledger', async () => {
    const bench = await openBench()
    await bench.report('requests', 3n * unit)
    const inBench = (text: string) =>
      text.replaceAll('/var/lib/marketplace-sidecar', bench.directory)
    const [, copy = ''] = /-- marketplace-sidecar ledger backup (\S+)$/m.exec(page) ?? []
    expect(await runLedger(bench.directory, bench.clock, ['backup', inBench(copy)])).toMatchObject({
      code: 0,
    })
    const scripts = [...page.matchAll(/^kubectl exec .* -- (node -e .*)$/gm)].map(([, text = '']) =>
      inBench(text),
    )
    expect(scripts).toHaveLength(2)
    const fetched = temporaryDirectory()
    for (const script of scripts)
      await promisify(execFile)('bash', ['-c', script.replace('node', process.execPath)], {
        cwd: fetched,
      })
    const {
      open: [open],
    } = await readBook(fetched, (book) => book.usage(0))
    expect(open).toMatchObject({ dimension: 'requests', quantity: 3n * unit })
    expect(existsSync(inBench(copy))).toBe(false)
  })

  test('every metric that it names exists', () => {
    const known = Object.keys(metricTable).map(fullNameOf)
    const named = (page.match(/marketplace_[a-z_]+/g) ?? []).map((n) => n.replace(/_count$/, ''))
    expect(named.filter((name) => !known.includes(name))).toEqual([])
  })
})

/** The rows of the table in main.ts, which can't be imported without being run. */
function commandNames(): string[] {
  const main = readFileSync(new URL('../../src/main.ts', import.meta.url), 'utf8')
  return [...main.matchAll(/^ {2}(\w+): \{$/gm)].map(([, name = '']) => name)
}
