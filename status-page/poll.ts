const everyMs = 2000
const longestMs = 30_000

export interface Polling {
  /** Asks now and continues from there. */
  again(): void
}

/**
 * Asks repeatedly while the page is visible: every two seconds, and more and more slowly while asking fails.
 * `ask` returns whether to continue. `onFailed` receives the error and the length of the pause.
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
