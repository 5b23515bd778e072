import { describe, expect, test } from 'vitest'
import type { PageFormat } from '../../../../../src/sources/prometheus/exposition/page.ts'
import {
  parsePage,
  seriesKey,
} from '../../../../../src/sources/prometheus/exposition/parse-page.ts'

const everything = () => true

function parse(format: PageFormat, page: string, wanted: (name: string) => boolean = everything) {
  const result = parsePage(page, { format, wanted })
  if (!result.ok) return result.failure
  return result.value.map(({ name, labels, value, type }) => [
    name,
    Object.fromEntries(labels),
    value,
    type,
  ])
}

describe('the text format 0.0.4', () => {
  test('a page as an exporter writes it', () => {
    const page = [
      '# HELP requests_total All requests, \\\\ and \\n included.',
      '# TYPE requests_total counter',
      'requests_total{kind="paid",path="/a\\"b\\\\c\\nd"} 1027 1395066363000',
      'requests_total{ kind = "free" , } 3.5e1',
      '',
      '# A remark, and # TYPE in the middle of one',
      '   # TYPE speed gauge',
      '\tspeed   -Inf',
      'untold NaN',
      '# TYPE seconds histogram',
      'seconds_bucket{le="+Inf"} 4',
      'seconds_sum 1.5',
      'seconds_count 4',
      '',
    ].join('\n')
    expect(parse('text', page)).toEqual([
      ['requests_total', { kind: 'paid', path: '/a"b\\c\nd' }, '1027', 'counter'],
      ['requests_total', { kind: 'free' }, '3.5e1', 'counter'],
      ['speed', {}, '-Inf', 'gauge'],
      ['untold', {}, 'NaN', 'unknown'],
      ['seconds_bucket', { le: '+Inf' }, '4', 'histogram'],
      ['seconds_sum', {}, '1.5', 'histogram'],
      ['seconds_count', {}, '4', 'histogram'],
    ])
  })

  test('an empty page has no samples', () => expect(parse('text', '')).toEqual([]))

  test.each([
    ['a page that was cut off within a line', 'a 1\nb 2', 2],
    ['a page that was cut off after a value', 'a 1', 1],
    ['carriage returns', 'a 1\r\n', 1],
    ['a value that is not a number', 'a one\n', 1],
    ['a hexadecimal value', 'a 0x1F\n', 1],
    ['no value', 'a\n', 1],
    ['a timestamp with a fraction', 'a 1 1.5\n', 1],
    ['a name that begins with a digit', '1a 1\n', 1],
    ['a label without quotes', 'a{b=c} 1\n', 1],
    ['an open quote', 'a{b="c} 1\n', 1],
    ['an unknown escape', 'a{b="\\t"} 1\n', 1],
    ['a label twice', 'a{b="1",b="2"} 1\n', 1],
    ['only a comma for labels', 'a{,} 1\n', 1],
    ['a series twice', 'a{b="1",c="2"} 1\na{c="2",b="1"} 2\n', 2],
    ['a series twice, once with an empty label', 'a{b=""} 1\na 2\n', 2],
    ['an unknown type', '# TYPE a number\n', 1],
    ['a type without its name', '# TYPE\n', 1],
    ['two types', '# TYPE a gauge\n# TYPE a gauge\n', 2],
    ['two help texts', '# HELP a b\n# HELP a b\n', 2],
    ['a type after its samples', 'a 1\n# TYPE a gauge\n', 2],
    ['an exemplar', 'a 1 # {b="c"} 1\n', 1],
  ])('refuses %s', (_, page, line) => {
    expect(parse('text', page)).toMatchObject({ line, reason: expect.any(String) })
  })
})

describe('OpenMetrics 1.0', () => {
  test('a page as an exporter writes it', () => {
    const page = [
      '# TYPE requests counter',
      '# HELP requests All requests.',
      'requests_total{kind="paid",path="\\d\\""} 1027.0 1395066363.25',
      'requests_created{kind="paid",path="\\d\\""} 1395066000.1',
      '# TYPE size_bytes gauge',
      '# UNIT size_bytes bytes',
      'size_bytes -2e3',
      '# TYPE seconds histogram',
      'seconds_bucket{le="+Inf"} 4 # {trace_id="x"} 0.6 1395066363.1',
      'seconds_count 4',
      'seconds_sum 1.5',
      '# TYPE state stateset',
      'state{state="on"} 1',
      '# TYPE build info',
      'build_info{version="1"} 1',
      'untold{} NaN',
      '# EOF',
    ].join('\n')
    const samples = [
      ['requests_total', { kind: 'paid', path: '\\d"' }, '1027.0', 'counter'],
      ['requests_created', { kind: 'paid', path: '\\d"' }, '1395066000.1', 'counter'],
      ['size_bytes', {}, '-2e3', 'gauge'],
      ['seconds_bucket', { le: '+Inf' }, '4', 'histogram'],
      ['seconds_count', {}, '4', 'histogram'],
      ['seconds_sum', {}, '1.5', 'histogram'],
      ['state', { state: 'on' }, '1', 'stateset'],
      ['build_info', { version: '1' }, '1', 'info'],
      ['untold', {}, 'NaN', 'unknown'],
    ]
    expect(parse('openmetrics', page)).toEqual(samples)
    expect(parse('openmetrics', `${page}\n`)).toEqual(samples)
  })

  test.each([
    ['half a page', 'a 1\n', 2],
    ['an empty page', '', 1],
    ['something after its end', '# EOF\na 1\n', 1],
    ['two line ends after its end', '# EOF\n\n', 1],
    ['an empty line', 'a 1\n\n# EOF\n', 2],
    ['two blanks', 'a  1\n# EOF\n', 1],
    ['blanks among the labels', 'a{b="c", d="e"} 1\n# EOF\n', 1],
    ['a comma after the last label', 'a{b="c",} 1\n# EOF\n', 1],
    ['a remark', '# remark\n# EOF\n', 1],
    ['a counter without _total', '# TYPE a counter\na 1\n# EOF\n', 2],
    ['a negative counter', '# TYPE a counter\na_total -1\n# EOF\n', 2],
    ['a counter that is NaN', '# TYPE a counter\na_total NaN\n# EOF\n', 2],
    ['a stateset without its label', '# TYPE a stateset\na{b="c"} 1\n# EOF\n', 2],
    ['a unit that the name lacks', '# UNIT a bytes\n# EOF\n', 1],
    ['metadata after samples', '# TYPE a gauge\na 1\n# HELP a b\n# EOF\n', 3],
    ['a family in two places', 'a 1\nb 1\na{c="d"} 1\n# EOF\n', 3],
    ['samples apart from their metadata', '# TYPE a gauge\nb 1\na 1\n# EOF\n', 3],
    ['an exemplar of a gauge', '# TYPE a gauge\na 1 # {} 1\n# EOF\n', 2],
    ['two families that share a sample', 'a_total 1\n# TYPE a counter\n# EOF\n', 2],
  ])('refuses %s', (_, page, line) => {
    expect(parse('openmetrics', page)).toMatchObject({ line, reason: expect.any(String) })
  })
})

test('samples of other names are left out, and a mistake in one of them still refuses the page', () => {
  const wanted = (name: string) => name === 'a'
  expect(parse('text', 'a 1\nb 2\n', wanted)).toEqual([['a', {}, '1', 'unknown']])
  expect(parse('text', 'a 1\nb two\n', wanted)).toMatchObject({ line: 2 })
})

test('the key of a series does not depend on the order of its labels', () => {
  const key = (labels: readonly (readonly [string, string])[]) =>
    seriesKey({ name: 'a', labels: new Map(labels) })
  expect(key([['b', '1'], ['c', '2']])).toBe(key([['c', '2'], ['b', '1']])) // prettier-ignore
  expect(key([['b', '1,c=2']])).not.toBe(key([['b', '1'], ['c', '2']])) // prettier-ignore
})

test('a line of a hundred thousand blanks is refused or read like a short one', () => {
  const blanks = ' '.repeat(100_000)
  const refusedForm = 'this is neither a sample nor a comment'
  const page = `# HELP a first${blanks}last\n# TYPE a${blanks}counter${blanks}\na${blanks}1${blanks}\n`
  expect(parse('text', page)).toEqual([['a', {}, '1', 'counter']])
  for (const line of [`a${blanks}x`, `a{b="c"${blanks}}${blanks}x`, `a{}${blanks}1${blanks}x`])
    expect(parse('text', `${line}\n`)).toMatchObject({ line: 1, reason: refusedForm })
})
