import type { SidecarEvents } from '../kernel/events.ts'
import type { Dimension } from '../product/product.ts'

/** What is known of a source that the product file names. */
export interface SourceState {
  readonly name: string
  /** Those whose usage comes from it. */
  readonly dimensions: readonly string[]
  /** When it was last in order, ms; undefined until it is. */
  readonly heardAt: number | undefined
  /** Why it last gave nothing, or not all; undefined once it is in order again. */
  readonly failure: { readonly at: number; readonly reason: string } | undefined
}

/** The sources that dimensions of the product come from, in the order of the product file. */
export function namedSources(
  dimensions: readonly Pick<Dimension, 'name' | 'from'>[],
): ReadonlyMap<string, readonly string[]> {
  const named = new Map<string, string[]>()
  for (const { name, from } of dimensions)
    for (const [source, settings] of Object.entries(from ?? {}))
      if (settings !== undefined) named.set(source, [...(named.get(source) ?? []), name])
  return named
}

/** Remembers when each source of the product was heard. */
export class SourceStates {
  readonly #states: Map<string, SourceState>

  constructor(dimensions: readonly Pick<Dimension, 'name' | 'from'>[]) {
    const states = [...namedSources(dimensions)].map(
      ([name, ofIt]) =>
        [name, { name, dimensions: ofIt, heardAt: undefined, failure: undefined }] as const,
    )
    this.#states = new Map(states)
  }

  note({ source, outcome, reason, at }: SidecarEvents['sourceRead']): void {
    const before = this.#states.get(source)
    if (before === undefined) return
    const isGood = outcome === 'ok'
    this.#states.set(source, {
      ...before,
      heardAt: isGood ? at : before.heardAt,
      failure: isGood ? undefined : { at, reason: reason ?? outcome },
    })
  }

  all(): readonly SourceState[] {
    return [...this.#states.values()]
  }
}
