import type { Violation } from './violation.ts'

interface Failure<Script> {
  readonly script: Script
  readonly violation: Violation
}

/** Drops events for as long as the script, as `play` plays it, still breaks the same invariant, larger pieces first. */
export async function shrink<Script extends { readonly events: readonly unknown[] }>(
  failure: Failure<Script>,
  play: (script: Script) => Promise<{ readonly violation: Violation | undefined }>,
): Promise<Failure<Script>> {
  const { script, violation } = failure
  let best = { script, violation }
  const tryWithout = async (from: number, count: number): Promise<boolean> => {
    const events = best.script.events.toSpliced(from, count)
    const shorter = { ...script, events }
    const life = await play(shorter)
    if (life.violation?.what !== violation.what) return false
    best = { script: shorter, violation: life.violation }
    return true
  }
  for (let size = Math.ceil(script.events.length / 2); size >= 1;) {
    let shrunk = false
    for (let from = 0; from < best.script.events.length;)
      if (await tryWithout(from, size)) shrunk = true
      else from += size
    if (size > 1) size = Math.ceil(size / 2)
    else if (!shrunk) break
  }
  return best
}
