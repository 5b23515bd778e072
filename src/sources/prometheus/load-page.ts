import { fail, succeed, type Result } from '../../kernel/result.ts'
import type { PageFormat, Sample } from './exposition/page.ts'
import { parsePage } from './exposition/parse-page.ts'
import { fetchPage, type FetchFailure } from './fetch-page.ts'

interface PageRequest {
  readonly url: string
  readonly timeoutMs: number
  readonly wanted: (name: string) => boolean
  /** What is asked for first: that of the page before. */
  readonly preferred?: PageFormat | undefined
}

interface LoadedPage {
  readonly samples: readonly Sample[]
  readonly format: PageFormat
}

/**
 * Fetches and parses a metrics page. Where it breaks the format of OpenMetrics, it is asked for once more as
 * text: Go's client writes a gauge and a counter of one name as one family twice, which only the text
 * format allows.
 */
export async function loadPage(request: PageRequest): Promise<Result<LoadedPage, FetchFailure>> {
  const { preferred = 'openmetrics' } = request
  const first = await loadAs(preferred, request)
  if (first.ok || first.failure.kind !== 'refused' || preferred === 'text') return first
  const second = await loadAs('text', request)
  return second.ok && second.value.format === 'text' ? second : first
}

async function loadAs(
  asked: PageFormat,
  { url, timeoutMs, wanted }: PageRequest,
): Promise<Result<LoadedPage, FetchFailure>> {
  const fetched = await fetchPage(url, timeoutMs, asked)
  if (!fetched.ok) return fetched
  const { text, format } = fetched.value
  const parsed = parsePage(text, { format, wanted })
  if (parsed.ok) return succeed({ samples: parsed.value, format })
  const { line, reason } = parsed.failure
  return fail({ kind: 'refused', reason: `line ${line} of the page: ${reason}` })
}
