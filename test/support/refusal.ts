import { expect } from 'vitest'

/** A refusal as the caller receives it: its code, and a message in whole sentences, which a test that reads only the code would not miss. */
export function refusal(code: string, more: object = {}) {
  return { code, message: expect.stringMatching(/^\S.{20,}\.$/s) as string, ...more }
}
