/** The two text formats of a metrics page: Prometheus text 0.0.4 and OpenMetrics 1.0. */
export type PageFormat = 'text' | 'openmetrics'

/** What a family is declared to be; `unknown` without a declaration, `untyped` being its older name. */
export type FamilyType =
  'counter' | 'gauge' | 'histogram' | 'gaugehistogram' | 'stateset' | 'info' | 'summary' | 'unknown'

/** One sample of a page. */
export interface Sample {
  /** With its suffix: `requests_total`. */
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  /** As the page wrote it: a number, infinity or NaN. */
  readonly value: string
  readonly type: FamilyType
}

/** Why a page is refused. A page that breaks the format anywhere gives no samples at all. */
export interface PageMistake {
  /** Counted from 1. */
  readonly line: number
  readonly reason: string
}
