import { setTimeout as pause } from 'node:timers/promises'

const intervalMs = 10

/** Polls until `find` returns something; fails after `timeoutMs` with a description of what was awaited. */
export async function poll<T>(
  what: string,
  timeoutMs: number,
  find: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const endsAt = performance.now() + timeoutMs
  for (;;) {
    const found = await find()
    if (found !== undefined) return found
    if (performance.now() > endsAt) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await pause(intervalMs)
  }
}
