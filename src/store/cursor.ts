/** How far a counter was read: what it shows from here on has not been counted yet. */
export interface Cursor extends CursorKey {
  readonly value: bigint
  /** When the process that counts was started, ms; undefined while it does not say. */
  readonly startedAt: number | undefined
  readonly readAt: number
}

export interface CursorKey {
  /** The task or pod that reads. */
  readonly resource: string
  /** The source and its target. */
  readonly source: string
  readonly series: string
}

/** What a group of commands does to cursors: first some go, then others are put in place of their former ones. */
export interface CursorChanges {
  readonly removed: readonly CursorKey[]
  readonly put: readonly Cursor[]
}
