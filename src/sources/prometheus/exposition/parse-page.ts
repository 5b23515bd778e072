import { fail, succeed, type Result } from '../../../kernel/result.ts'
import { Families } from './families.ts'
import { openMetricsLine, textLine, type LineForm } from './line-form.ts'
import type { PageFormat, PageMistake, Sample } from './page.ts'
import { readSample } from './read-sample.ts'

interface PageOptions {
  readonly format: PageFormat
  /** Samples of other names are checked as to their form, and left out. */
  readonly wanted: (name: string) => boolean
}

/** Thrown inside the parser only. */
class Mistake extends Error {}

/**
 * Parses a metrics page strictly: a page that breaks its format anywhere, or that ends before its end,
 * gives a mistake and no samples. What is not checked is whether histograms add up.
 */
export function parsePage(text: string, options: PageOptions): Result<Sample[], PageMistake> {
  const parser = new PageParser(text, options)
  try {
    return succeed(parser.parse())
  } catch (error) {
    if (!(error instanceof Mistake)) throw error
    return fail({ line: parser.line, reason: error.message })
  }
}

class PageParser {
  readonly #text: string
  readonly #wanted: PageOptions['wanted']
  readonly #strict: boolean
  readonly #form: LineForm
  readonly #families: Families
  readonly #samples: Sample[] = []
  readonly #seen = new Set<string>()
  #at = 0
  line = 0

  constructor(text: string, { format, wanted }: PageOptions) {
    this.#text = text
    this.#wanted = wanted
    this.#strict = format === 'openmetrics'
    this.#form = this.#strict ? openMetricsLine : textLine
    this.#families = new Families(format, refuse)
  }

  parse(): Sample[] {
    const text = this.#text
    while (this.#at < text.length) {
      this.line += 1
      const end = text.indexOf('\n', this.#at)
      const isComment = text.charCodeAt(this.#at) === hash
      if (isComment && this.#strict && text.startsWith(endMark, this.#at)) return this.#end(end)
      if (end < 0) return refuse('the page ends within a line')
      if (isComment) this.#comment(text.slice(this.#at, end))
      else this.#sample(end)
      this.#at = end + 1
    }
    if (this.#strict) {
      this.line += 1
      return refuse('the page ends without "# EOF"')
    }
    return this.#samples
  }

  #end(end: number): Sample[] {
    const after = this.#at + endMark.length
    if (after !== this.#text.length && !(end === after && end === this.#text.length - 1))
      refuse('something follows "# EOF"')
    return this.#samples
  }

  #sample(end: number): void {
    const text = this.#text
    const { sample, blank } = this.#form
    sample.lastIndex = this.#at
    const match = sample.exec(text)
    if (match === null || sample.lastIndex !== end) {
      if (blank?.test(text.slice(this.#at, end)) === true) return
      if (this.#form.indentedComment?.test(text.slice(this.#at, end)) === true)
        return this.#comment(text.slice(this.#at, end).trimStart())
      return refuse('this is neither a sample nor a comment')
    }
    const [, name = '', labels = '', value = '', exemplar] = match
    const hasExemplar = exemplar !== undefined
    const type = this.#families.typeOf({ name, labels, value, hasExemplar })
    if (!this.#wanted(name)) return
    const read = readSample({ name, labels, value, type }, refuse)
    const key = seriesKey(read)
    if (this.#seen.has(key)) refuse(`${name} has two samples with the same labels`)
    this.#seen.add(key)
    this.#samples.push(read)
  }

  #comment(line: string): void {
    const [, keyword, name = '', rest = ''] = this.#form.metadata.exec(line) ?? []
    if (keyword === undefined) {
      if (this.#strict) refuse('only HELP, TYPE, UNIT and EOF may follow "#"')
      // In the text format everything else after # is a remark, but a broken TYPE is a broken page.
      if (/^#[ \t]+(HELP|TYPE)([ \t]|$)/.test(line)) refuse('the metadata is incomplete')
    } else if (keyword === 'TYPE')
      this.#families.declareType(name, this.#strict ? rest : withoutBlanks(rest))
    else if (keyword === 'UNIT') this.#families.declareUnit(name, rest)
    else this.#families.declareHelp(name)
  }
}

/** Without the blanks at its end. A pattern would try each of them as the first one. */
function withoutBlanks(text: string): string {
  let end = text.length
  while (text[end - 1] === ' ' || text[end - 1] === '\t') end -= 1
  return text.slice(0, end)
}

const hash = 35
const endMark = '# EOF'

function refuse(reason: string): never {
  throw new Mistake(reason)
}

/** A name that equal series share. A label without a value is none. */
export function seriesKey({ name, labels }: Pick<Sample, 'name' | 'labels'>): string {
  if (labels.size === 0) return name
  const pairs = [...labels]
    .filter(([, value]) => value !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  if (pairs.length === 0) return name
  return `${name}${JSON.stringify(pairs)}`
}
