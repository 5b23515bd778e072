import { globSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { root } from '../support/program/program.ts'
import { openPage, views } from './browser.ts'

const folder = join(root, '.cache/screenshots')
const drawings = globSync('docs/**/*.svg', { cwd: root }).toSorted()

/** The texts that leave the drawing, and the pairs that lie on one another. */
const collisions = `(() => {
  const page = document.documentElement.getBoundingClientRect()
  const texts = [...document.querySelectorAll('text')].map((node) => ({
    words: node.textContent,
    box: node.getBoundingClientRect(),
  }))
  const outside = texts
    .filter(({ box }) => box.left < page.left || box.top < page.top || box.right > page.right || box.bottom > page.bottom)
    .map(({ words }) => words)
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1
  const pairs = texts.flatMap((one, index) =>
    texts.slice(index + 1).filter((other) => meet(one.box, other.box)).map((other) => one.words + ' / ' + other.words))
  // A text belongs into the box that it begins in.
  const boxes = [...document.querySelectorAll('rect:not(.page):not(.frame)')].map((node) => node.getBoundingClientRect())
  const leaving = texts
    .filter(({ box }) => boxes.some((each) => box.left > each.left && box.left < each.right &&
      box.top > each.top && box.bottom < each.bottom && box.right > each.right))
    .map(({ words }) => words)
  return { count: texts.length, outside, pairs, leaving }
})()`

test('there are drawings', () => {
  expect(drawings.length).toBeGreaterThanOrEqual(4)
})

describe.each(drawings)('%s', (drawing) => {
  test.each(['light', 'dark'] as const)('can be read, %s', async (theme) => {
    mkdirSync(folder, { recursive: true })
    const opened = await openPage(pathToFileURL(join(root, drawing)).href, views[theme])
    try {
      const found = await opened.page.evaluate<{ count: number }>(collisions)
      expect(found.count).toBeGreaterThan(5)
      expect(found).toEqual({ count: found.count, outside: [], pairs: [], leaving: [] })
      await opened.page.screenshot({
        path: join(folder, `${basename(drawing, '.svg')}-${theme}.png`),
      })
      expect(opened.complaints).toEqual([])
    } finally {
      await opened.close()
    }
  })
})
