import type { MeteringFailure, MeteringResult } from '../../../src/aws/metering-api.ts'

/** The outcome of a call. `lost-…`: no answer comes; the effect has happened, or has not. */
export const weathers = [
  'fine',
  'throttled',
  'lost-before',
  'lost-after',
  'server-error-before',
  'server-error-after',
  'refused',
  'taken-by-other',
  // AWS answers that another quantity stands, although it is ours.
  'denied',
] as const
export type Weather = (typeof weathers)[number]

export interface Entry {
  readonly resource: string
  readonly dimension: string
  readonly hour: number
  readonly quantity: bigint
  readonly content: string
  readonly id: string
  readonly ours: boolean
}

export function failed(more: Pick<MeteringFailure, 'code' | 'kind'>): MeteringResult<never> {
  return { ok: false, failure: { message: '', advice: '', ambiguous: false, ...more } }
}

export const lost: MeteringResult<never> = {
  ok: false,
  failure: {
    code: 'TimeoutError',
    kind: 'unavailable',
    message: 'no answer',
    advice: '',
    ambiguous: true,
  },
}
