import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { root } from '../../support/program/program.ts'

const program = `import { mostOpenFiles } from './src/kernel/most-open-files.ts'
  process.stdout.write(String(mostOpenFiles()))`

test('the limit of open files is that of the process', () => {
  const node = [process.execPath, '--input-type=module', '--eval', program]
  const options = { cwd: root, encoding: 'utf8' } as const
  expect(execFileSync('prlimit', ['--nofile=321:321', ...node], options)).toBe('321')
})
