import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { reportOf } from '../../mutation/mutation-report.ts'
import { acceptedSurvivors } from '../../mutation/survivors.ts'

const mutant = (status: string, line: number, column = 0) => ({
  mutatorName: 'BooleanLiteral',
  replacement: 'false',
  status,
  location: { start: { line, column }, end: { line, column: column + 1 } },
})

test('mutants that only made a test take too long count as dead, and are listed apart', () => {
  const source = 'const one = true\nconst two = true'
  const statuses = ['Killed', 'Killed', 'Timeout', 'Survived', 'CompileError']
  const mutants = statuses.map((status, index) => mutant(status, (index % 2) + 1, index))
  const { lines, percent } = reportOf([{ files: { 'src/x.ts': { source, mutants } } }])
  expect(percent).toBe(75)
  expect(lines).toEqual([
    'timed out: src/x.ts:1 BooleanLiteral: const one = true  ->  false',
    'survived: src/x.ts:2 BooleanLiteral: const two = true  ->  false',
    '3 of 4 mutants died (75.0 %), 1 of them by a timeout; 1 survivors have no reason',
  ])
})

test('draws are added up, and a mutant that two of them have is counted once', () => {
  const source = 'const one = true'
  const draw = (...mutants: ReturnType<typeof mutant>[]) => ({
    files: { 'src/x.ts': { source, mutants } },
  })
  const both = mutant('Survived', 1, 1)
  const { lines } = reportOf([
    draw(mutant('Killed', 1, 0), both),
    draw(both, mutant('Killed', 1, 2)),
    { files: { 'src/y.ts': { source, mutants: [mutant('Killed', 1, 0)] } } },
  ])
  expect(lines.at(-1)).toMatch(/^3 of 4 mutants died \(75\.0 %\), 0 of them by a timeout/)
})

test.each(acceptedSurvivors)('$file: the accepted survivor is a line of it', ({ file, line }) => {
  expect(readFileSync(file, 'utf8')).toContain(line)
})
