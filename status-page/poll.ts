const everyMs = 2000
const longestMs = 30_000

export interface Polling {
  /** Asks now, and goes on from there. */
  again(): void
}

/**
 * Asks again and again while the page is seen: every two seconds, and ever more slowly while asking
 * fails. `ask` says whether to go on; `onFailed` is told what was thrown and how long the pause is.
 */
export function poll(
  ask: () => Promise<'go on' | 'stop'>,
  onFailed: (error: unknown, pauseMs: number) => void,
): Polling {
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let running = false
  let stopped = false

  const round = async () => {
    clearTimeout(timer)
    if (running || document.hidden) return
    running = true
    let pauseMs = everyMs
    try {
      stopped = (await ask()) === 'stop'
      failures = 0
    } catch (error) {
      failures += 1
      pauseMs = Math.min(longestMs, everyMs * 2 ** (failures - 1))
      onFailed(error, pauseMs)
    }
    running = false
    if (!stopped && !document.hidden) timer = setTimeout(() => void round(), pauseMs)
  }

  const again = () => {
    stopped = false
    void round()
  }
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(timer)
    else if (!stopped) void round()
  })
  again()
  return { again }
}
