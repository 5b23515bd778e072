import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle, type BundleOptions } from '../../scripts/build/build.ts'
import { warmUp } from '../../scripts/build/warm-up.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The sidecar and what it is measured against, all built the same way in a separate folder. */
export interface Build {
  /** Node's arguments for the sidecar: the flags of the image, and the file. */
  readonly sidecar: readonly string[]
  /** The same for the sidecar on an emulator's clock. */
  readonly fastSidecar: readonly string[]
  readonly plainHttp: string
  readonly plainFastify: string
  readonly plainPostgres: string
  readonly plainSync: string
  remove(): void
}

export async function buildAll(): Promise<Build> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-build-'))
  const build = async (entry: string, options?: BundleOptions) => {
    const outfile = join(folder, `${basename(entry, '.ts')}.js`)
    await bundle(join(root, entry), outfile, options)
    return outfile
  }
  const main = await build('src/main.ts')
  const fast = await build('bench/servers/fast-sidecar.ts')
  const plainHttp = await build('bench/servers/plain-http.ts')
  const plainFastify = await build('bench/servers/plain-fastify.ts', { without: [] })
  const plainPostgres = await build('bench/servers/plain-postgres.ts', { without: [] })
  const plainSync = await build('bench/servers/plain-sync.ts')
  const entry = inDockerfile(/^ENTRYPOINT (\[.*\])$/m)
  const flags = (JSON.parse(entry) as string[]).slice(1, -1)
  // As in the image: V8's compiled form of the bundle, for these flags.
  await warmUp(compileCacheBeside(main), [...flags, main])
  const remove = () => rmSync(folder, { recursive: true })
  return {
    sidecar: [...flags, main, 'run'],
    fastSidecar: [...flags, fast],
    plainHttp,
    plainFastify,
    plainPostgres,
    plainSync,
    remove,
  }
}

/** Returns what the image sets that bears on speed or memory, for a bundle of `file`. */
export function environmentOfImage(file: string): Readonly<Record<string, string>> {
  const threshold = inDockerfile(/^ {2}MALLOC_TRIM_THRESHOLD_=(\d+) /m)
  return { NODE_COMPILE_CACHE: compileCacheBeside(file), MALLOC_TRIM_THRESHOLD_: threshold }
}

const compileCacheBeside = (file: string) => join(dirname(file), 'compile-cache')

function inDockerfile(pattern: RegExp): string {
  const [, found] = pattern.exec(readFileSync(join(root, 'Dockerfile'), 'utf8')) ?? []
  if (found === undefined) throw new Error(`nothing in the Dockerfile matches ${String(pattern)}`)
  return found
}
