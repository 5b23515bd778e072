import { hourOf } from '../metering/hour.ts'

/** Hours older than this many are not asked for. */
const keptHours = 30

/** Remembers in which hours the sources of dimensions were heard: only then is an hour without usage certainly zero. */
export class HeardHours {
  readonly #hours = new Map<string, number[]>()

  note(dimensions: readonly string[], at: number): void {
    const hour = hourOf(at)
    for (const dimension of dimensions) {
      const hours = this.#hours.get(dimension) ?? []
      if (hours.at(-1) !== hour) this.#hours.set(dimension, [...hours, hour].slice(-keptHours))
    }
  }

  has(dimension: string, hour: number): boolean {
    return this.#hours.get(dimension)?.includes(hour) === true
  }
}
