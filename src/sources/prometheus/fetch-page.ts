import { get } from 'node:http'
import { messageOf } from '../../kernel/errors.ts'
import { fail, succeed, type Result } from '../../kernel/result.ts'
import type { PageFormat } from './exposition/page.ts'

interface FetchedPage {
  readonly text: string
  readonly format: PageFormat
}

export interface FetchFailure {
  /** `gone` when nothing listens there any more. */
  readonly kind: 'gone' | 'failed' | 'refused'
  readonly reason: string
}

/** Of a page; one of 20,000 series has 2 MB. */
const largestPageBytes = 16 * 1_048_576

const textOnly = 'text/plain;version=0.0.4;q=0.8,*/*;q=0.1'
const accepts: Readonly<Record<PageFormat, string>> = {
  openmetrics: `application/openmetrics-text;version=1.0.0;q=0.9,${textOnly}`,
  text: textOnly,
}

/** Reads a metrics page whole. It follows no redirect, and half a page is none. */
export function fetchPage(
  url: string,
  timeoutMs: number,
  preferred: PageFormat = 'openmetrics',
): Promise<Result<FetchedPage, FetchFailure>> {
  return new Promise((resolve) => {
    const give = (kind: FetchFailure['kind'], reason: string) => resolve(fail({ kind, reason }))
    const request = get(
      url,
      {
        agent: false,
        headers: { accept: accepts[preferred] },
        signal: AbortSignal.timeout(timeoutMs),
      },
      (response) => {
        const { statusCode = 0, headers } = response
        if (statusCode !== 200) {
          response.resume()
          request.destroy()
          return give('failed', `the page answered ${statusCode}`)
        }
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes <= largestPageBytes) chunks.push(chunk)
          else {
            request.destroy()
            give('refused', `the page is larger than ${largestPageBytes} bytes`)
          }
        })
        response.on('error', (error) => give('failed', messageOf(error)))
        response.on('end', () => {
          if (!response.complete) return give('failed', 'the page broke off')
          try {
            const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
            resolve(succeed({ text, format: formatOf(headers['content-type']) }))
          } catch {
            give('refused', 'the page is not UTF-8')
          }
        })
      },
    )
    request.on('error', (error: NodeJS.ErrnoException) =>
      give(error.code === 'ECONNREFUSED' ? 'gone' : 'failed', messageOf(error)),
    )
  })
}

function formatOf(contentType: string | undefined): PageFormat {
  const isOpenMetrics = contentType?.toLowerCase().startsWith('application/openmetrics-text')
  return isOpenMetrics === true ? 'openmetrics' : 'text'
}
