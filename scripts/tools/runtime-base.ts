import { execFile } from 'node:child_process'
import { chmod, chown, cp, mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { emulatorOfArm64 } from './binary-tools.ts'

const run = promisify(execFile)

const nobody = 65_532
/** Packages of the Debian that the libraries come from. Distroless lists its packages this way. */
const packages = ['base-files', 'ca-certificates', 'libc6', 'libgcc-s1', 'libstdc++6']

/**
 * Fills `root` with what Distroless has for Node: the binary, its libraries, certificates and a user, but no
 * shell, npm or other program. The libraries come from the Debian in `rootfs`.
 */
export async function layOutRuntime(root: string, rootfs: string, node: string): Promise<void> {
  const at = (path: string) => join(root, path)
  await mkdir(at('nodejs/bin'), { recursive: true })
  await cp(node, at('nodejs/bin/node'), { dereference: true })
  for (const library of await librariesOf(at('nodejs/bin/node'), rootfs)) {
    await mkdir(dirname(at(library)), { recursive: true })
    await cp(await realpath(join(rootfs, library)), at(library))
  }
  for (const file of ['etc/ssl/certs/ca-certificates.crt', 'etc/nsswitch.conf']) {
    await mkdir(dirname(at(file)), { recursive: true })
    await cp(join(rootfs, file), at(file), { dereference: true })
  }
  await cp(join(rootfs, 'usr/lib/os-release'), at('etc/os-release'))
  const home = '/home/nonroot:/sbin/nologin'
  await writeFile(
    at('etc/passwd'),
    `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${nobody}:${nobody}:nonroot:${home}\n`,
  )
  await writeFile(at('etc/group'), `root:x:0:\nnonroot:x:${nobody}:\n`)
  // base-files brings it.
  await mkdir(at('usr/bin'), { recursive: true })
  await mkdir(at('home'))
  await mkdir(at('home/nonroot'), { mode: 0o700 })
  await chown(at('home/nonroot'), nobody, nobody)
  await mkdir(at('tmp'))
  await chmod(at('tmp'), 0o1777)
  await writePackages(at('var/lib/dpkg/status.d'), rootfs)
}

/** The path, in a base for arm64, of the program that runs it on another processor. */
export const emulatorInBase = '/usr/bin/qemu-aarch64-static'

const librariesForArm64 = [
  'ld-linux-aarch64.so.1',
  'libc.so.6',
  'libdl.so.2',
  'libgcc_s.so.1',
  'libm.so.6',
  'libpthread.so.0',
  'libstdc++.so.6',
]

/** Fills `root` with the minimum that Node for arm64 needs, and the program that runs it here. */
export async function layOutRuntimeForArm64(root: string, node: string): Promise<void> {
  const files = [
    [node, 'nodejs/bin/node'],
    [emulatorOfArm64[0], emulatorInBase],
    ...librariesForArm64.map((name) => [`${emulatorOfArm64[2]}/lib/${name}`, `lib/${name}`]),
  ]
  for (const [from = '', to = ''] of files) {
    await mkdir(dirname(join(root, to)), { recursive: true })
    await cp(await realpath(from), join(root, to))
  }
}

/** Returns the paths of Node's libraries in the Debian, including the loader. */
async function librariesOf(node: string, rootfs: string): Promise<readonly string[]> {
  const inside = join(rootfs, 'usr/local/bin/node-for-ldd')
  await cp(node, inside)
  const { stdout } = await run('chroot', [rootfs, 'ldd', '/usr/local/bin/node-for-ldd'])
  await run('rm', [inside])
  return [...stdout.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, path]) => String(path))
}

async function writePackages(folder: string, rootfs: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const status = await readFile(join(rootfs, 'var/lib/dpkg/status'), 'utf8')
  const entries = status.split('\n\n')
  for (const name of packages) {
    const entry = entries.find((text) => text.startsWith(`Package: ${name}\n`))
    if (entry === undefined) throw new Error(`Debian does not have the package ${name}`)
    await writeFile(join(folder, name), `${entry}\n`)
  }
}
