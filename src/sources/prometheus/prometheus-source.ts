import { SidecarError } from '../../kernel/errors.ts'
import type { Source, SourceContext } from '../source.ts'
import { withoutBody } from '../without-body.ts'
import { Scraper } from './scraper.ts'
import { isScraped, type ScrapedDimension } from './read-page.ts'

/** Counters and gauges of the metrics page that the application already has. */
export const prometheusSource: Source = {
  name: 'prometheus',
  start(context) {
    const dimensions = context.dimensions.filter(isScraped)
    const scraper = dimensions.length === 0 ? undefined : createScraper(context, dimensions)
    context.app.post('/v1/scrape', withoutBody, async () => {
      if (scraper === undefined)
        throw new SidecarError(
          'NothingToScrape',
          'No dimension of the product file comes from a metrics page, so there is none to read. Report usage with POST /v1/usage, or add "from" to a dimension of the file.',
        )
      const read = await scraper.scrape()
      if (read.ok) return { scraped: true }
      const reason = `The metrics page could not be counted: ${read.failure.reason}.`
      throw new SidecarError('ScrapeFailed', reason)
    })
    if (scraper === undefined) return { [Symbol.asyncDispose]: () => Promise.resolve() }
    scraper.start()
    return {
      endBegins: () => scraper.hurry(),
      drain: (signal) => scraper.drain(signal),
      async [Symbol.asyncDispose]() {
        scraper.stop()
        await scraper.settled()
      },
    }
  },
}

function createScraper(context: SourceContext, dimensions: readonly ScrapedDimension[]): Scraper {
  const { url } = context.scrape
  if (url === undefined) throw new TypeError('settings without a page are refused')
  return new Scraper({ ...context, url, dimensions })
}
