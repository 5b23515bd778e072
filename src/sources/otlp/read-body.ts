import { gunzip } from 'node:zlib'
import { SidecarError } from '../../kernel/errors.ts'
import { contentCoding } from '../content-coding.ts'
import { shownValue } from '../sample-value.ts'

/** Of a request, after it was unpacked; the size that receivers of OTLP commonly take. */
export const largestRequestBytes = 4 * 1_048_576

/**
 * Unpacks a body, if it is packed. What would become larger than a request may be is never unpacked further.
 * Throws UnsupportedMediaType, BodyTooLarge, InvalidOtlp.
 */
export function readBody(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  const coding = contentCoding(encoding)
  if (coding === undefined) return Promise.resolve(body)
  if (coding !== 'gzip')
    throw new SidecarError(
      'UnsupportedMediaType',
      `The body is packed with ${JSON.stringify(shownValue(coding))}. Send gzip, or no Content-Encoding.`,
    )
  return new Promise((resolve, reject) => {
    gunzip(body, { maxOutputLength: largestRequestBytes }, (error, unpacked) => {
      if (error === null) resolve(unpacked)
      else if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') reject(tooLarge())
      else reject(new SidecarError('InvalidOtlp', `The body is not gzip (${error.message}).`))
    })
  })
}

export function tooLarge(): SidecarError {
  return new SidecarError(
    'BodyTooLarge',
    `The request has more than ${largestRequestBytes} bytes, unpacked. Send fewer points in one request.`,
  )
}

/** Reads bodies one after the other, so that they hold the memory of one and of what waits, counted in bytes. */
export class BodyQueue {
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  readonly #most: number

  /** `most` bytes may wait. */
  constructor(most: number) {
    this.#most = most
  }

  /** Throws LedgerBusy when too much waits already. */
  take<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#waiting > 0 && this.#waiting + bytes > this.#most)
      throw new SidecarError(
        'LedgerBusy',
        'Too many requests with metrics are already waiting, and nothing of this one was recorded. Repeat it.',
      )
    this.#waiting += bytes
    const turn = this.#last.then(work).finally(() => {
      this.#waiting -= bytes
    })
    this.#last = turn.catch(() => {})
    return turn
  }
}
