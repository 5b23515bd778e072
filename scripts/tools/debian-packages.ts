import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { isThere } from './tool-cache.ts'

const run = promisify(execFile)

/**
 * Installs packages of Debian on this machine where one of the files that they bring is missing. Only
 * root can; anybody else is told what to install.
 */
export async function needDebianPackages(filesOf: Readonly<Record<string, string>>): Promise<void> {
  const missing = await missingOf(filesOf)
  if (missing.length === 0) return
  if (process.getuid?.() !== 0) {
    throw new Error(`This needs packages that are not here: apt-get install ${missing.join(' ')}`)
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['update', '-q'], { env })
  await run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...missing], { env })
  const still = await missingOf(filesOf)
  if (still.length > 0) throw new Error(`${still.join(', ')} did not bring what is needed`)
}

async function missingOf(filesOf: Readonly<Record<string, string>>): Promise<string[]> {
  const found = await Promise.all(
    Object.entries(filesOf).map(async ([name, file]) => ((await isThere(file)) ? [] : [name])),
  )
  return found.flat()
}
