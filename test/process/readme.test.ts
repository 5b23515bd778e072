import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import {
  bash,
  codeBlocks,
  consoleExamples,
  hasCurl,
  runExamples,
  startDemo,
} from '../support/program/console-examples.ts'
import { root } from '../support/program/program.ts'

const page = readFileSync(join(root, 'README.md'), 'utf8')
const shellLines = codeBlocks(page, 'sh').flatMap((block) => block.trim().split('\n'))
const examples = consoleExamples(page)

describe('the README', () => {
  test('starts with the name, two sentences, and the two commands', () => {
    const [name = '', intro = ''] = page.split('\n\n')
    expect(name).toBe('# marketplace-sidecar')
    expect(intro.match(/\.(?=\s|$)/g)).toHaveLength(2)
    expect(shellLines.slice(0, 2)).toEqual(['npm ci && npm start', 'npm ci && npm test'])
    expect(page.split('\n').length).toBeLessThan(220)
  })

  test('names only scripts that exist', () => {
    const named = shellLines.flatMap((line) =>
      [...line.matchAll(/npm (?:run )?([a-z:-]+)/g)].map(([, script]) => script),
    )
    expect(named.length).toBeGreaterThan(4)
    for (const script of named) expect(['ci', ...Object.keys(manifest.scripts)]).toContain(script)
  })

  test('shows a command line that answers', async () => {
    const line = 'npm run cli -- --help'
    expect(shellLines).toContain(line)
    expect(await bash(`exec ${line} 2>/dev/null`)).toContain('usage: marketplace-sidecar <command>')
  })

  test.skipIf(!hasCurl)('shows requests with the answers that npm start really gives', async () => {
    expect(examples.map(({ command }) => command.split(' ')[0])).toEqual(examples.map(() => 'curl'))
    const { program, addresses } = await startDemo()
    await runExamples(examples, addresses)
    program.signal('SIGINT')
    expect(await program.ended).toMatchObject({ code: 0 })
  })
})
