import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOfSystem } from './storage-errors.ts'

/** Makes the names of new files in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, 'r')
  await handle.sync()
}

/** What a system answers where a directory cannot be read or flushed: then it was not made by us. */
const notOurs: readonly (string | undefined)[] = ['EACCES', 'EPERM', 'EROFS', 'EINVAL', 'ENOTSUP']

/**
 * Makes a directory's own name durable, and the names of those above it: without them a power cut takes
 * a new directory with all that is in it. An earlier process may have made them and not come that far.
 */
export async function syncParents(directory: string): Promise<void> {
  await Promise.all(
    parentsOf(directory).map((parent) =>
      syncDirectory(parent).catch((error: unknown) => {
        if (!notOurs.includes(codeOfSystem(error))) throw error
      }),
    ),
  )
}

function parentsOf(directory: string): readonly string[] {
  const parent = dirname(directory)
  return parent === directory ? [] : [parent, ...parentsOf(parent)]
}
