import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { root } from '../support/program/program.ts'

/**
 * Checks a table's cell that names tests, each as a file in backquotes and words of a test in it, with
 * semicolons between: every file is there, and has the words.
 */
export function expectNamedTests(cell: string): void {
  const named = [...cell.matchAll(/`([^`]+)`: ([^;]+)/g)]
  expect(named.length).toBeGreaterThan(0)
  for (const [, file = '', words = ''] of named) {
    expect(existsSync(join(root, file)), file).toBe(true)
    const lines = readFileSync(join(root, file), 'utf8').split('\n')
    const found = lines.filter((line) => line.includes(words))
    // In a test file the quoted words are from a test's title, not from any line.
    const titles = found.filter((line) => /\b(test|describe)\b|^ *['"`]|^ *\]\)\(/.test(line))
    const counts = file.endsWith('.test.ts') ? titles : found
    expect(counts, `${file} has no "${words}"`).not.toEqual([])
  }
}
