import * as fc from 'fast-check'
import type { PageFormat } from '../../src/sources/prometheus/exposition/page.ts'

/** The members of an object by name. */
export function sortedEntries<T>(object: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

export interface RandomPage {
  readonly format: PageFormat
  readonly page: string
}

const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/)
const labelText = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('', '\\', '"', '\n', 'a\\nb', '{', '}', ',', '#', 'é', '😀'),
)
const value = fc.oneof(
  fc.nat().map(String),
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom('0', '1e3', '1E+3', '.5', '5.', '+Inf', '9007199254740993', '1e-9'),
)

const labels = fc.dictionary(
  fc
    .stringMatching(/^[a-z][a-z0-9_]{0,6}$/)
    .filter((label) => label !== 'le' && label !== 'quantile'),
  labelText,
  { maxKeys: 4, noNullPrototype: true },
)

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function labelsOf(set: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(set).map(([key, text]) => `${key}="${escape(text)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const family = fc.record({
  name,
  type: fc.constantFrom('counter', 'gauge', 'unknown'),
  help: fc.option(fc.constantFrom('some help', '', 'a \\\\ and a \\n')),
  typed: fc.boolean(),
  series: fc.uniqueArray(fc.tuple(labels, value), {
    maxLength: 5,
    // A label without a value is none.
    selector: ([set]) => JSON.stringify(sortedEntries(set).filter(([, text]) => text !== '')),
  }),
})

/** Pages as an exporter writes them, in either format. */
export const wellFormedPage: fc.Arbitrary<RandomPage> = fc
  .record({
    format: fc.constantFrom<PageFormat>('text', 'openmetrics'),
    families: fc.uniqueArray(family, { maxLength: 5, selector: (each) => each.name }),
  })
  .map(({ format, families }) => {
    const isOpen = format === 'openmetrics'
    const lines = families.flatMap((written) => {
      // Python's parser adds the suffix to counters that lack it, in the text format.
      const ending = !isOpen && written.type === 'counter' ? '_total' : ''
      const each = { ...written, name: written.name + ending }
      const word = each.type === 'unknown' && !isOpen ? 'untyped' : each.type
      const isCounter = each.type === 'counter' && each.typed
      const suffix = isOpen && isCounter ? '_total' : ''
      return [
        ...(each.help === null ? [] : [`# HELP ${each.name} ${each.help}`]),
        ...(each.typed ? [`# TYPE ${each.name} ${word}`] : []),
        ...each.series.map(([set, number]) => `${each.name}${suffix}${labelsOf(set)} ${number}`),
      ]
    })
    if (isOpen) lines.push('# EOF')
    return { format, page: lines.map((line) => `${line}\n`).join('') }
  })

const splinter = fc.constantFrom(
  '\n',
  ' ',
  '  ',
  '\t',
  '"',
  '\\',
  '{',
  '}',
  ',',
  '=',
  '#',
  '# EOF',
  '# TYPE a counter\n',
  '# HELP a b\n',
  'a_total 1\n',
  'NaN',
  '-1',
  '1 2',
  '1 # {a="b"} 1',
  '\r',
  '',
  'a{a="1",a="2"} 1\n',
  '_',
  '0x1',
)

/** The same with a few splinters put in or cut out, as a broken exporter or a broken connection would. */
export const brokenPage: fc.Arbitrary<RandomPage> = fc
  .tuple(
    wellFormedPage,
    fc.array(fc.record({ at: fc.nat(), cut: fc.nat({ max: 3 }), splinter }), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([{ format, page }, changes]) => ({
    format,
    page: changes.reduce((text, change) => {
      const at = change.at % (text.length + 1)
      return text.slice(0, at) + change.splinter + text.slice(at + change.cut)
    }, page),
  }))
