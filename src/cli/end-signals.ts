/** What asks a program to end: Ctrl-C, an orchestrator, and a terminal or an attached session that goes away. */
export const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Handles these signals from now on, although no one acts on them yet: the system drops one that the first process
 * of a container does not handle. The function that it returns adds a handler, which is called at once when
 * one has come already.
 */
export function handleEndSignals(
  program: Pick<NodeJS.Process, 'on'>,
): (handler: () => void) => void {
  const handlers: (() => void)[] = []
  let came = false
  const handle = () => {
    came = true
    for (const handler of handlers) handler()
  }
  for (const signal of endSignals) program.on(signal, handle)
  return (handler) => {
    handlers.push(handler)
    if (came) handler()
  }
}
