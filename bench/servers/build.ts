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
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')
  const [, entry] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile) ?? []
  if (entry === undefined) throw new Error('the Dockerfile does not have a readable ENTRYPOINT')
  const flags = (JSON.parse(entry) as string[]).slice(1, -1)
  // As in the image: V8's compiled form of the bundle, for these flags.
  await warmUp(compileCacheBeside(main).NODE_COMPILE_CACHE, [...flags, main])
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

/** Returns the environment in which the sidecar finds its compile cache. */
export function compileCacheBeside(file: string): { readonly NODE_COMPILE_CACHE: string } {
  return { NODE_COMPILE_CACHE: join(dirname(file), 'compile-cache') }
}
