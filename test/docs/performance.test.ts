import { expect, test } from 'vitest'
import { bash } from '../support/program/console-examples.ts'
import { readPage, tableOf } from './page.ts'

const page = readPage('explain/performance.md')
const figures = tableOf(page, 'row'.padEnd(44))

test('the page explains every row of the benchmark, and no other', async () => {
  const help = await bash('exec node bench/run.ts --help')
  const [, names = ''] = /\(([a-z, -]+)\)/.exec(help) ?? []
  const explained = tableOf(page, 'Row').map(([row = '']) => /^`?([a-z-]+)/.exec(row)?.[1])
  expect(new Set(explained)).toEqual(new Set(names.split(', ')))
})

test('the page has the options of the benchmark, and no others', async () => {
  const help = await bash('exec node bench/run.ts --help')
  const optionsOf = (text: string) => [...new Set(text.match(/--[a-z]+/g))].toSorted()
  const [, usage = ''] = /```\n(npm run bench [^]*?)```/.exec(page) ?? []
  expect(optionsOf(usage.replaceAll(' -- ', ' '))).toEqual(optionsOf(help.replaceAll(' -- ', ' ')))
})

test('a figure is marked as met or missed correctly', () => {
  const verdicts = figures.filter(([, , , , , target]) => target !== '')
  expect(verdicts.length).toBeGreaterThan(10)
  for (const [row, , ours = '', baseline = '', ratio, target = '', verdict] of verdicts) {
    const number = (text: string | undefined) => Number(String(text).replaceAll(',', ''))
    const [, bound] = /([\d,.]+)/.exec(target) ?? []
    const isMet = target.startsWith('ratio <=')
      ? number(ratio) <= number(bound)
      : target.startsWith('ratio >=')
        ? number(ratio) >= number(bound)
        : target.startsWith('baseline +')
          ? number(ours) <= number(baseline) + number(bound)
          : target.startsWith('<=')
            ? number(ours) <= number(bound)
            : number(ours) >= number(bound)
    expect(verdict, row).toBe(isMet ? 'met' : 'MISSED')
  }
})
