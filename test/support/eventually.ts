const pauseMs = 10

/**
 * Polls until `condition` returns something other than false, undefined or null, and returns that. After
 * `timeoutMs` the test fails with what the last call threw, or with a timeout.
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, what = 'the condition' } = {},
): Promise<Exclude<T, false | undefined | null>> {
  const giveUpAt = performance.now() + timeoutMs
  for (;;) {
    const last = performance.now() >= giveUpAt
    try {
      const value = await condition()
      if (value !== false && value !== undefined && value !== null)
        return value as Exclude<T, false | undefined | null>
    } catch (error) {
      if (last) throw error
    }
    if (last) throw new Error(`${what} did not come about within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
