import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { isThere } from './tool-cache.ts'

const run = promisify(execFile)

/**
 * Installs Debian packages on this machine if one of their files is missing. Without root it fails with the
 * command to run.
 */
export async function needDebianPackages(filesOf: Readonly<Record<string, string>>): Promise<void> {
  const missing = await missingOf(filesOf)
  if (missing.length === 0) return
  if (process.getuid?.() !== 0) {
    throw new Error(
      `Some Debian packages are missing. Install them as root:\n  apt-get install ${missing.join(' ')}`,
    )
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['update', '-q'], { env })
  await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...missing], { env })
  const still = await missingOf(filesOf)
  if (still.length > 0) throw new Error(`${still.join(', ')} did not install the expected files`)
}

async function missingOf(filesOf: Readonly<Record<string, string>>): Promise<string[]> {
  const found = await Promise.all(
    Object.entries(filesOf).map(async ([name, file]) => ((await isThere(file)) ? [] : [name])),
  )
  return found.flat()
}
