import { expect, test } from 'vitest'
import { linkDocs } from '../../../src/kernel/link-docs.ts'

test('a page that a message names becomes an address', () => {
  expect(linkDocs('See docs/reference/errors.md.', 'https://example.com/docs/')).toBe(
    'See https://example.com/docs/reference/errors.md.',
  )
})

test('a text stays as it is without a base, and where no page is named', () => {
  expect(linkDocs('See docs/reference/errors.md.', undefined)).toBe('See docs/reference/errors.md.')
  const other = 'See https://host/docs/operate/x.md and mydocs/operate/x.md and docs/other.'
  expect(linkDocs(other, 'https://example.com')).toBe(other)
})
