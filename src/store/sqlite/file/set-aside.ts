import { existsSync, readdirSync, renameSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { toIso } from '../../../kernel/clock.ts'
import { syncDirectory } from './sync-directory.ts'

/** In the order in which they go: a main file without its log would be read as an older book. */
const parts = ['', '-wal', '-shm']

/**
 * Renames the file and its companions; never deletes. Returns the new path of the main file. A kill after
 * any step leaves a state that the next start finishes: `wasSetAsideInPart` is true for it.
 */
export async function setFilesAside(path: string, now: number): Promise<string> {
  const kept = keptInPart(path) ?? freeName(path, now)
  for (const part of parts) {
    if (!existsSync(path + part)) continue
    renameSync(path + part, kept + part)
    // After a power cut too, a later step is never there without the ones before it.
    await syncDirectory(dirname(path))
  }
  return kept
}

/** Whether the main file is set aside and its log is not: a new file would replay that log. */
export function wasSetAsideInPart(path: string): boolean {
  return !existsSync(path) && parts.some((part) => existsSync(path + part))
}

function freeName(path: string, now: number): string {
  const stamp = toIso(now).replaceAll(':', '').replace('.', '')
  for (let serial = 0; ; serial += 1) {
    const kept = `${path}.damaged-${stamp}${serial === 0 ? '' : `-${serial}`}`
    if (!parts.some((part) => existsSync(kept + part))) return kept
  }
}

/** The name that a killed start gave to the main file: the last one that has no companions. */
function keptInPart(path: string): string | undefined {
  if (!wasSetAsideInPart(path)) return undefined
  const names = readdirSync(dirname(path)).filter((name) => !/-(wal|shm)$/.test(name))
  const last = names
    .filter((name) => name.startsWith(`${basename(path)}.damaged-`))
    .toSorted()
    .at(-1)
  if (last === undefined) return undefined
  const kept = join(dirname(path), last)
  return parts.some((part) => existsSync(path + part) && existsSync(kept + part)) ? undefined : kept
}
