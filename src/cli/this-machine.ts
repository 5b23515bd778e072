import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { createSystemClock } from '../kernel/clock.ts'
import { fileReader } from '../kernel/text/read-text.ts'
import type { Machine } from '../doctor/machine.ts'

/** Returns this machine as the checks of `doctor` and `run --check` use it. */
export function thisMachine(env: Machine['env']): Machine {
  const clock = createSystemClock()
  return {
    env,
    reader: fileReader,
    hostname: hostname(),
    clock,
    timers: clock,
    lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    randomBytes,
    userId: process.getuid?.(),
    mountInfo,
    callAws: true,
  }
}

/** Returns undefined on systems that do not have it. */
function mountInfo(): string | undefined {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    return undefined
  }
}
