/** A tag set in its canonical form (`canonicalTags`); `untagged` for none. */
export type TagSet = string
export const untagged: TagSet = ''

export interface Tag {
  readonly key: string
  readonly value: string
}

/** Returns the canonical form of a tag set, which does not depend on the order of its tags. */
export function canonicalTags(tags: readonly Tag[]): TagSet {
  if (tags.length === 0) return untagged
  const pairs = tags.map(({ key, value }) => [key, value] as const)
  return JSON.stringify(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Returns the tags of a canonical set, by key. */
export function tagsOf(set: TagSet): Tag[] {
  if (set === untagged) return []
  return (JSON.parse(set) as [string, string][]).map(([key, value]) => ({ key, value }))
}
