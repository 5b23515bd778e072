import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/program/program.ts'

const pages = globSync('**/*.md', { cwd: root, exclude: ['node_modules', '.cache', 'dist'] })

const withoutCode = (text: string) =>
  text.replaceAll(/^```[^]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '')

/** Returns the anchors of a page's headings, as the usual renderers generate them. */
function anchorsOf(path: string): ReadonlySet<string> {
  const text = readFileSync(path, 'utf8').replaceAll(/^```[^]*?^```$/gm, '')
  const seen = new Map<string, number>()
  const anchors = [...text.matchAll(/^#{1,6} +(.+)$/gm)].map(([, title = '']) => {
    const slug = title
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    const before = seen.get(slug) ?? 0
    seen.set(slug, before + 1)
    return before === 0 ? slug : `${slug}-${before}`
  })
  return new Set(anchors)
}

/** Returns what is wrong with the links of a page. */
function deadLinks(page: string): string[] {
  const path = join(root, page)
  const links = [...withoutCode(readFileSync(path, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)]
  return links.flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return []
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? path : join(dirname(path), file)
    if (relative(root, target).startsWith('..')) return [`${link}: leaves the project`]
    if (!existsSync(target)) return [`${link}: the file does not exist`]
    if (anchor !== undefined && !anchorsOf(target).has(anchor))
      return [`${link}: the page has no such heading`]
    return []
  })
}

test('there are pages to check', () => {
  expect(pages).toEqual(
    expect.arrayContaining(['README.md', 'docs/reference/http-api.md', 'SECURITY.md']),
  )
})

test.each(pages)('%s links only to what exists', (page) => {
  expect(deadLinks(page)).toEqual([])
})

test('a page under docs can be reached from the README', () => {
  const reached = new Set<string>()
  const visit = (page: string): void => {
    if (reached.has(page)) return
    reached.add(page)
    const text = withoutCode(readFileSync(join(root, page), 'utf8'))
    for (const [, link = ''] of text.matchAll(/\]\(([^)#\s]+\.md)/g))
      if (!/^[a-z]+:/.test(link)) visit(join(dirname(page), link))
  }
  visit('README.md')
  expect(pages.filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([])
})

test('addresses of other sites are whole', () => {
  for (const page of pages) {
    const text = readFileSync(join(root, page), 'utf8')
    for (const [, url = ''] of text.matchAll(/\]\((https?:[^)\s]+)\)/g))
      expect(URL.canParse(url), `${page}: ${url}`).toBe(true)
  }
})
