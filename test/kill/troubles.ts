import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import type { Chance } from './chance.ts'

/** Another program keeps the book locked for a while, longer than some transactions wait. */
export async function lockBook(dataDirectory: string, chance: Chance): Promise<boolean> {
  const database = new DatabaseSync(join(dataDirectory, 'ledger.db'), { timeout: 2000 })
  try {
    database.exec('BEGIN IMMEDIATE')
    await pause(chance.integer(50, 2500))
    database.exec('ROLLBACK')
    return true
  } catch {
    // The sidecar was quicker.
    return false
  } finally {
    database.close()
  }
}

/** Hardly any file of the process may grow for a while: further writes fail, as on a full disk. */
export async function fillDisk(
  dataDirectory: string,
  pid: number,
  chance: Chance,
): Promise<boolean> {
  const sizes = ['ledger.db', 'ledger.db-wal'].map(
    (name) => statSync(join(dataDirectory, name), { throwIfNoEntry: false })?.size ?? 0,
  )
  const limit = Math.max(...sizes) + chance.integer(0, 64) * 1024
  if (!limitFiles(pid, `${limit}:unlimited`)) return false
  await pause(chance.integer(50, 1500))
  limitFiles(pid, 'unlimited:unlimited')
  return true
}

function limitFiles(pid: number, limit: string): boolean {
  return spawnSync('prlimit', ['--pid', `${pid}`, `--fsize=${limit}`]).status === 0
}
