import type { Log } from '../../src/kernel/log.ts'

/** Creates a log that writes nothing. */
export function createSilentLog(): Log {
  return () => {}
}
