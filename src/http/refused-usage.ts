import type { Hooks } from '../hooks.ts'

/** Tells of usage that was not recorded; `dimension` is whatever the application sent for one. */
export type TellRefused = (dimension: unknown, code: string, requestId: string) => void

/** A name that is none of `dimensions` is left out: what anybody may send is no label. */
export function createRefusalTeller(hooks: Hooks, dimensions: ReadonlySet<string>): TellRefused {
  return (dimension, code, requestId) => {
    const known = typeof dimension === 'string' && dimensions.has(dimension)
    hooks.emit('usageRefused', { dimension: known ? dimension : undefined, code, requestId })
  }
}
