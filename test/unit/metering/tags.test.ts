import { expect, test } from 'vitest'
import { canonicalTags, tagsOf, untagged } from '../../../src/metering/tags.ts'

test('a tag set does not depend on the order of its tags, and gives them back by key', () => {
  const tags = ['b', 'c', 'a'].map((key) => ({ key, value: `of ${key}` }))
  const set = canonicalTags(tags)
  expect(canonicalTags(tags.toReversed())).toBe(set)
  expect(tagsOf(set)).toEqual(['a', 'b', 'c'].map((key) => ({ key, value: `of ${key}` })))
})

test('tags of one key stay in their order', () => {
  const tags = ['2', '1'].map((value) => ({ key: 'k', value }))
  expect(tagsOf(canonicalTags(tags))).toEqual(tags)
})

test('no tags are the untagged set', () => {
  expect([canonicalTags([]), tagsOf(untagged)]).toEqual([untagged, []])
})
