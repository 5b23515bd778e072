import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/program/program.ts'

const longest = 100
const pages = globSync('**/*.md', { cwd: root, exclude: ['node_modules', '.cache', 'dist'] })
/** Each change of the changelog is one line or a few; the merges of many branches decide which. */
const free = ['CHANGELOG.md']

/** Returns the lines that a reader has to scroll for, without code, tables, pictures and marks, which cannot be wrapped. */
function wideLines(text: string): string[] {
  const prose = text.replaceAll(/^ *```[^]*?^ *```$/gm, '').replaceAll(/^<!--[^]*?-->$/gm, '')
  return prose
    .split('\n')
    .filter((line) => line.length > longest && /\S\s+\S/.test(line.slice(longest / 2)))
    .filter((line) => !/^ *(\||!\[| {4})/.test(line))
}

test.each(pages.filter((page) => !free.includes(page)))('%s is wrapped', (page) => {
  expect(wideLines(readFileSync(join(root, page), 'utf8'))).toEqual([])
})
