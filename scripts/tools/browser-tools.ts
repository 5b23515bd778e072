/**
 * Installs what `npm run test:browser` needs: `node scripts/tools/browser-tools.ts` installs Debian's Chromium
 * if it is missing, as root, and keeps axe-core in `.cache`.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachePath, unpackNpmPackage } from './bring-tools.ts'
import { needDebianPackages } from './debian-packages.ts'
import { cached } from './tool-cache.ts'

const self = fileURLToPath(import.meta.url)
const chromium = '/usr/bin/chromium'
const axe = {
  package: 'axe-core@4.14.1',
  sha256: 'e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745',
  entry: 'package/axe.min.js',
}

/** Returns the path of Chromium. It comes from Debian, so that it matches the system's libraries. */
export async function chromiumPath(): Promise<string> {
  await needDebianPackages({
    chromium,
    'fonts-dejavu-core': '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf',
  })
  return chromium
}

/** Returns the path of axe-core, a script that checks the accessibility of a page. */
export async function axePath(): Promise<string> {
  const folder = await cached(cachePath('browser-tools/axe'), [self], (home) =>
    unpackNpmPackage(axe, home, axe.entry),
  )
  return join(folder, axe.entry)
}

if (import.meta.main) {
  console.log(await chromiumPath())
  console.log(await axePath())
}
