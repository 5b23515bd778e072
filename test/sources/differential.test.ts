import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePage } from '../../src/sources/prometheus/exposition/parse-page.ts'
import { brokenPage, wellFormedPage, type RandomPage } from './random-page.ts'
import { inOrder, numberOf, parseWithPython, type PlainSample } from './second-parser.ts'

const seed = Number(process.env['SIDECAR_TEST_SEED'] ?? 1)
const count = 5000

function parseHere({ format, page }: RandomPage): readonly PlainSample[] | undefined {
  const result = parsePage(page, { format, wanted: () => true })
  if (!result.ok) return undefined
  return result.value.map(({ name, labels, value }) => [
    name,
    Object.fromEntries(labels),
    numberOf(value),
  ])
}

/** Python reserves labels that begin so for Prometheus itself. It also takes a remark for metadata. */
const refusedThereOnly = /[{,]__|^#(?! (?:HELP|TYPE) )/m

describe('the parser and that of Python', () => {
  test('read the same from what an exporter writes', async () => {
    const pages = fc.sample(wellFormedPage, { numRuns: count, seed })
    const theirs = await parseWithPython(pages)
    expect(theirs).toHaveLength(count)
    for (const [index, page] of pages.entries()) {
      const [ours, other] = [parseHere(page), theirs[index]]
      expect(ours && inOrder(ours), page.page).toEqual(other && inOrder(other))
      expect(ours, page.page).toBeDefined()
    }
  })

  test('never read different samples from a broken page, and ours is the stricter one', async () => {
    const pages = fc.sample(brokenPage, { numRuns: count, seed })
    const theirs = await parseWithPython(pages)
    const outcomes = pages.map((page, index) => outcomeOf(page, theirs[index]))
    expect(outcomes.filter(({ wrong }) => wrong !== undefined)).toEqual([])
    // The test means something only while it meets all three.
    for (const kind of ['both', 'neither', 'only there'])
      expect(outcomes.filter((outcome) => outcome.kind === kind).length, kind).toBeGreaterThan(20)
  })
})

/** Who accepts a page, and the page itself where one of the parsers must be wrong. */
function outcomeOf(page: RandomPage, other: readonly PlainSample[] | undefined) {
  const ours = parseHere(page)
  if (ours === undefined) return { kind: other === undefined ? 'neither' : 'only there' }
  if (other === undefined)
    return { kind: 'only here', wrong: refusedThereOnly.test(page.page) ? undefined : page }
  const isSame = inOrder(ours).join('\n') === inOrder(other).join('\n')
  return { kind: 'both', wrong: isSame ? undefined : page }
}
