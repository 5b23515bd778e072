import { accessSync, constants } from 'node:fs'
import { tmpdir } from 'node:os'

/**
 * The folder for ledgers of tests within one process: in memory where the system has such a place, because
 * flushes prove nothing in these tests and take most of the time. Programs under test use a real disk.
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
