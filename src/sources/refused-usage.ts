import type { Events } from '../kernel/events.ts'

/** Reports usage that was not recorded; `dimension` is what the application sent as one. */
export type ReportRefusal = (dimension: unknown, code: string, requestId: string) => void

/** Leaves out a name that is not among `dimensions`: what any caller may send must not become a label. */
export function createRefusalReport(
  events: Events,
  dimensions: readonly { readonly name: string }[],
): ReportRefusal {
  const names = new Set(dimensions.map(({ name }) => name))
  return (dimension, code, requestId) => {
    const known = typeof dimension === 'string' && names.has(dimension)
    events.emit('usageRefused', { dimension: known ? dimension : undefined, code, requestId })
  }
}
