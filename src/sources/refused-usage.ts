import type { Events } from '../kernel/events.ts'

/** Reports usage that was not recorded; `dimension` is whatever the application sent for one. */
export type ReportRefusal = (dimension: unknown, code: string, requestId: string) => void

/** Leaves out a name that is not among `dimensions`: what any caller may send must not become a label. */
export function createRefusalReport(
  events: Events,
  dimensions: ReadonlySet<string>,
): ReportRefusal {
  return (dimension, code, requestId) => {
    const known = typeof dimension === 'string' && dimensions.has(dimension)
    events.emit('usageRefused', { dimension: known ? dimension : undefined, code, requestId })
  }
}
