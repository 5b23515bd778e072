/**
 * Brings what `npm run test:browser` needs: `node scripts/browser-tools.ts` installs Chromium out of
 * Debian's packages where it is missing, as root, and keeps axe-core in `.cache`.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

const chromium = '/usr/bin/chromium'
const axe = {
  package: 'axe-core@4.14.1',
  sha256: 'e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745',
  entry: 'package/axe.min.js',
}
const folder = fileURLToPath(new URL('../.cache/browser-tools', import.meta.url))

/** The path of a Chromium; it comes from Debian, which keeps it in step with its own libraries. */
export async function chromiumPath(): Promise<string> {
  if (existsSync(chromium)) return chromium
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['update', '-qq'], { env })
  const packages = ['chromium', 'fonts-dejavu-core']
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env })
  return chromium
}

/** The path of axe-core, one script that looks a page over for what shuts people out. */
export async function axePath(): Promise<string> {
  const script = join(folder, `axe-${axe.sha256.slice(0, 12)}.js`)
  if (existsSync(script)) return script
  await mkdir(folder, { recursive: true })
  const work = await mkdtemp(join(folder, 'work-'))
  try {
    const flags = ['--silent', '--no-update-notifier', '--pack-destination', work]
    const { stdout } = await run('npm', ['pack', axe.package, ...flags])
    const tarball = join(work, stdout.trim())
    const sha256 = createHash('sha256')
      .update(await readFile(tarball))
      .digest('hex')
    if (sha256 !== axe.sha256)
      throw new Error(`${axe.package} has the SHA-256 ${sha256}, not ${axe.sha256}`)
    await run('tar', ['-xzf', tarball, '-C', work, axe.entry])
    await rename(join(work, axe.entry), script)
  } finally {
    await rm(work, { recursive: true })
  }
  return script
}

if (import.meta.main) {
  console.log(await chromiumPath())
  console.log(await axePath())
}
