/**
 * Brings a real Prometheus and promtool: `node scripts/prometheus-tools.ts` prints their paths. Where
 * they are not installed, Debian's package is unpacked into `.cache`, without installing it, because
 * an installed one would run as a service.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const folder = fileURLToPath(new URL('../.cache/prometheus', import.meta.url))

export interface PrometheusTools {
  readonly prometheus: string
  readonly promtool: string
}

/** The installed ones, or those of the package, fetched when this is the first time. */
export async function prometheusTools(): Promise<PrometheusTools> {
  const installed = { prometheus: 'prometheus', promtool: 'promtool' }
  if (await works(installed)) return installed
  const bin = join(folder, 'package/usr/bin')
  const fetched = { prometheus: join(bin, 'prometheus'), promtool: join(bin, 'promtool') }
  if (!(await works(fetched))) await fetchPackage()
  return fetched
}

async function works({ prometheus, promtool }: PrometheusTools): Promise<boolean> {
  const answers = [prometheus, promtool].map((program) => run(program, ['--version']))
  return Promise.all(answers).then(
    () => true,
    () => false,
  )
}

async function fetchPackage(): Promise<void> {
  await mkdir(folder, { recursive: true })
  const work = await mkdtemp(join(folder, 'work-'))
  try {
    const file = join(work, await download(work))
    await run('dpkg-deb', ['--extract', file, join(work, 'package')])
    await rm(join(folder, 'package'), { recursive: true, force: true })
    await rename(join(work, 'package'), join(folder, 'package'))
  } finally {
    await rm(work, { recursive: true })
  }
}

/** The name of the package's file in `work`. apt checks it against Debian's signed list. */
async function download(work: string): Promise<string> {
  const get = () => run('apt-get', ['--quiet', 'download', 'prometheus'], { cwd: work })
  try {
    await get().catch(async () => {
      await run('apt-get', ['--quiet', 'update'])
      await get()
    })
  } catch (cause) {
    throw new Error(
      'This test needs prometheus and promtool on the PATH, or an apt-get that can download Debian\'s package "prometheus".',
      { cause },
    )
  }
  const [file] = await readdir(work)
  if (file === undefined) throw new Error('apt-get has downloaded nothing')
  return file
}

if (import.meta.main) console.log(await prometheusTools())
