import type { Cursor } from '../../store/cursor.ts'
import type { Page } from '../page/page.ts'

/** What a dimension counts, and since when, ms; 0 since the book was first opened. */
type Followed = Readonly<Record<string, { readonly what: string; readonly since: number }>>

interface FollowedSince {
  /** Counters that were there before this instant may have been counted by another dimension. */
  readonly since: (dimension: string) => number
  /** The cursors of dimensions that count something else from now on; they are no longer in `stored`. */
  readonly outdated: readonly Cursor[]
}

/**
 * Notes what dimensions count by today's product file. From a change on, a dimension begins anew: what its
 * counters show then was counted before, by this dimension, by the one that it replaces, or by none. `kind` names
 * the kind of source, and `stored` are the cursors of the source, by series.
 */
export function followedSince(
  page: Page,
  kind: string,
  follows: ReadonlyMap<string, string>,
  stored: Map<string, Cursor>,
  now: number,
): FollowedSince {
  const name = `counters.followed|${kind}`
  const noted = page.noted(name)
  const before = noted === undefined ? undefined : (JSON.parse(noted) as Followed)
  const changed = [...follows].filter(
    ([dimension, what]) => before !== undefined && before[dimension]?.what !== what,
  )
  const began = new Map(changed.map(([dimension]) => [dimension, now]))
  const sinceOf = (dimension: string) => began.get(dimension) ?? before?.[dimension]?.since ?? 0
  const today = Object.fromEntries(
    [...follows].map(([dimension, what]) => [dimension, { what, since: sinceOf(dimension) }]),
  )
  const text = JSON.stringify(today)
  if (text !== noted) page.note(name, text)
  const outdated = [...stored.values()].filter(({ series }) =>
    changed.some(([dimension]) => isOf(series, dimension)),
  )
  for (const { series } of outdated) stored.delete(series)
  return { since: sinceOf, outdated }
}

function isOf(series: string, dimension: string): boolean {
  return series === `page ${dimension}` || series.startsWith(`${dimension} `)
}
