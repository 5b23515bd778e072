/** Keeps what the other scripts in this folder download, so that they download it once. */
import { createHash } from 'node:crypto'
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const underWay = new Map<string, Promise<string>>()

/**
 * Fills the folder `<home>-<hash>` once for each content of the files `pins`, which define what goes into it.
 * Resolves with its path. A folder that was only partly filled is filled again.
 */
export function cached(
  home: string,
  pins: readonly string[],
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const filled = underWay.get(home) ?? fillOnce(home, pins, fill)
  underWay.set(home, filled)
  return filled
}

async function fillOnce(
  home: string,
  pins: readonly string[],
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256')
  for (const pin of pins) hash.update(await readFile(pin))
  const folder = `${home}-${hash.digest('hex').slice(0, 12)}`
  const complete = join(folder, 'complete')
  if (await isThere(complete)) return folder
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await fill(folder)
  await writeFile(complete, '')
  return folder
}

export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
