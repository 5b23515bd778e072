import { accessSync, constants } from 'node:fs'
import { tmpdir } from 'node:os'

/**
 * Where ledgers of tests within one process lie: in memory where the system has a place for that, because
 * their flushes say nothing there and take most of the time. Programs under test have a real disk.
 */
export const scratch = isWritable('/dev/shm') ? '/dev/shm' : tmpdir()

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
    return true
  } catch {
    return false
  }
}
