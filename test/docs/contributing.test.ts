import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { root } from '../support/program/program.ts'
import { tableOf } from './page.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const page = read('CONTRIBUTING.md')
const scriptsIn = (text: string) =>
  [...text.matchAll(/\bnpm (?:run )?([a-z][a-z:-]*)/g)].map(([, name = '']) => name)
const suites = Object.keys(manifest.scripts).filter((name) => name.startsWith('test:'))

test('the tables have every npm script, and no other', () => {
  const rows = [...tableOf(page, 'Command'), ...tableOf(page, 'Suite')]
  const named = rows.flatMap(([command = '']) => scriptsIn(command))
  expect(named.toSorted()).toEqual(Object.keys(manifest.scripts).toSorted())
})

/** Building the API server of Kubernetes takes longer than everything else. */
const onlyAtNight = ['test:kubernetes']

test('.ci/run checks the format and runs npm test and every suite, except those that only .ci/nightly runs', () => {
  const stepsOf = (path: string) =>
    [...read(path).matchAll(/^step (.*)$/gm)].flatMap(([, step = '']) => scriptsIn(step))
  const byDay = suites.filter((name) => !onlyAtNight.includes(name))
  expect(stepsOf('.ci/run')).toEqual(['ci', 'format:check', 'test', ...byDay])
  expect(stepsOf('.ci/nightly')).toEqual(expect.arrayContaining(onlyAtNight))
})

test('the workflow of every push runs .ci/run, and nothing else that checks', () => {
  const runs = [...read('.github/workflows/ci.yml').matchAll(/^ +- run: (.*)$/gm)]
  expect(runs.map(([, command = '']) => command)).toEqual([
    expect.stringMatching(/ bash \.ci\/run$/),
  ])
})

test('the licence is the one that package.json names', () => {
  expect(manifest.license).toBe('Apache-2.0')
  expect(read('LICENSE')).toMatch(/^\s*Apache License\s+Version 2\.0, January 2004\n/)
})

test('every suite of vitest has its script in package.json', () => {
  const projects = Object.values(manifest.scripts).flatMap(
    (command) => /^vitest run --project (\w+)$/.exec(command)?.[1] ?? [],
  )
  expect([...projects, 'kill'].map((name) => `test:${name}`)).toEqual(suites)
})

test('the page has the commands of .ci/nightly', () => {
  const steps = [...read('.ci/nightly').matchAll(/^step (npm run .*)$/gm)]
  expect(steps).toHaveLength(7)
  for (const [, command] of steps) expect(page).toContain(`\`${command}\``)
})
