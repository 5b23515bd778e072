import type { UsageAnswer } from '../src/http/routes/answers.ts'
import { byId } from './dom.ts'
import { showFacts } from './facts.ts'
import { sourceText } from './source-text.ts'

/** Shows the sources that the product file names: when each was heard, and what this hour has from it. */
export function showSources(usage: UsageAnswer, now: number): void {
  byId('sources-card').hidden = usage.sources.length === 0
  showFacts(
    'sources',
    usage.sources.map((source) => [source.name, sourceText(source, usage, now)]),
  )
}
