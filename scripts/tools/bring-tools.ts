/** Installs tools into `.cache` for the other scripts in this folder: from npm, PyPI and Debian. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cached } from './tool-cache.ts'

const run = promisify(execFile)

/** Returns the path of a folder in `.cache`. */
export function cachePath(name: string): string {
  return fileURLToPath(new URL(`../../.cache/${name}`, import.meta.url))
}

/** An npm package at one version, with the hash of its archive. */
interface PinnedPackage {
  readonly package: string
  readonly sha256: string
}

/**
 * Unpacks an npm package into `folder`, below `package`: one that is too large for every `npm ci`. `options`
 * go to tar, such as the paths to extract. An archive with another hash is an error.
 */
export async function unpackNpmPackage(
  pinned: PinnedPackage,
  folder: string,
  ...options: readonly string[]
): Promise<void> {
  const flags = ['--silent', '--no-update-notifier', '--pack-destination', folder]
  const { stdout } = await run('npm', ['pack', pinned.package, ...flags])
  const archive = join(folder, stdout.trim())
  const sha256 = createHash('sha256')
    .update(await readFile(archive))
    .digest('hex')
  if (sha256 !== pinned.sha256)
    throw new Error(`${pinned.package} has the SHA-256 ${sha256}, not ${pinned.sha256}`)
  await run('tar', ['-xzf', archive, '-C', folder, ...options])
  await rm(archive)
}

/** Makes a Python environment from `requirements` and returns its path: `home` plus a hash of that file. */
export function pythonEnvironment(home: string, requirements: string): Promise<string> {
  return cached(home, [requirements], async (folder) => {
    await run('python3', ['-m', 'venv', folder])
    const options = ['--quiet', '--disable-pip-version-check', '--requirement', requirements]
    await run(join(folder, 'bin/python'), ['-m', 'pip', 'install', ...options])
  })
}

/**
 * Unpacks a Debian package into `folder` without installing it, so that no service starts. apt checks it
 * against Debian's signed list.
 */
export async function unpackDebianPackage(name: string, folder: string): Promise<void> {
  const download = () => run('apt-get', ['--quiet', 'download', name], { cwd: folder })
  await download().catch(async () => {
    await run('apt-get', ['--quiet', 'update'])
    await download()
  })
  const [archive = ''] = (await readdir(folder)).filter((file) => file.endsWith('.deb'))
  await run('dpkg-deb', ['--extract', join(folder, archive), folder])
  await rm(join(folder, archive))
}
