import { chmodSync, closeSync, constants, lstatSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { SidecarError } from '../../../kernel/errors.ts'
import { codeOfSystem } from './storage-errors.ts'

/** What the sidecar and SQLite write in a data directory. */
const ownNames = /^(ledger\.|\.write-probe$)/

/**
 * Throws DataDirectoryUnusable when a name of the ledger's files is a link, or another thing than a file: a
 * process that can write the volume could have us write, truncate or rename a file elsewhere.
 */
export function refuseLinks(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (!ownNames.test(name)) continue
    const path = join(directory, name)
    const file = lstatSync(path, { throwIfNoEntry: false })
    if (file === undefined || file.isFile()) continue
    const kind = name === 'ledger.lock' ? 'The lock file ' : ''
    const what = file.isSymbolicLink() ? 'a symbolic link' : 'not an ordinary file'
    throw new SidecarError(
      'DataDirectoryUnusable',
      `${kind}${path} is ${what}, and the sidecar does not follow it. Something else wrote into the data directory: give the sidecar a separate volume, and remove this name.`,
    )
  }
}

/**
 * Makes the file, if there is none, and lets no other user read it. SQLite gives the files next to a
 * database the mode of the database.
 */
export function keepPrivate(path: string): void {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
  closeSync(openSync(path, flags, 0o600))
  try {
    chmodSync(path, 0o600)
  } catch (error) {
    // The file of another user, on a volume that allows its group to write.
    if (codeOfSystem(error) !== 'EPERM') throw error
  }
}
