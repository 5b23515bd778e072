/**
 * Makes the sidecar a single executable that needs no separate Node:
 * `node scripts/build/build-binary.ts [--out FILE] [--node PATH]`, by default `dist/marketplace-sidecar` from
 * the Node that runs this script. `--node` accepts another Node 24 for Linux, also one for another processor.
 */
import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { bundle, shebang } from './build.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where Node looks for an embedded program, and the mark that makes it look. Node defines both. */
const resource = 'NODE_SEA_BLOB'
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
const postject = fileURLToPath(import.meta.resolve('postject/dist/cli.js'))

/**
 * Writes the executable to `out` and the licences of its contents next to it. Returns its size in bytes.
 * `node` is the binary to build on.
 */
export async function buildBinary(out: string, node = process.execPath): Promise<number> {
  const maker = await makerOf(node)
  const flags = await flagsOfImage()
  const folder = await mkdtemp(join(tmpdir(), 'build-binary-'))
  const within = (name: string) => join(folder, name)
  try {
    await bundle(join(root, 'src/main.ts'), within('sidecar.js'))
    const program = await readFile(within('sidecar.js'), 'utf8')
    await writeFile(within('sidecar.js'), program.slice(shebang.length))
    const config = {
      main: within('sidecar.js'),
      output: within('blob'),
      disableExperimentalSEAWarning: true,
      // V8's compiled form is valid only for the Node and the flags that made it.
      useCodeCache: maker === node,
      execArgv: flags,
    }
    await writeFile(within('config.json'), JSON.stringify(config))
    await run(maker, [...flags, '--experimental-sea-config', within('config.json')])
    await copyFile(node, within('executable'))
    const options = ['--sentinel-fuse', fuse]
    await run(process.execPath, [
      postject,
      within('executable'),
      resource,
      config.output,
      ...options,
    ])
    await chmod(within('executable'), 0o755)
    await mkdir(dirname(out), { recursive: true })
    // A running executable can be replaced but not overwritten.
    await rm(out, { force: true })
    await copyFile(within('executable'), out)
    await copyFile(within('sidecar-THIRD-PARTY-LICENSES.txt'), `${out}-THIRD-PARTY-LICENSES.txt`)
    return (await stat(out)).size
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The Node that prepares the embedded program: `node` itself, or this one if `node` is for another processor. */
async function makerOf(node: string): Promise<string> {
  const runsHere = await run(node, ['--version']).then(
    () => true,
    () => false,
  )
  if (runsHere) return node
  if ((await readFile(node)).includes(`node-${process.version}.tar.gz`)) return process.execPath
  throw new Error(
    `${node} does not run here, and it is not Node ${process.version}, which builds. Use the same version.`,
  )
}

/** Node's flags, from the image's ENTRYPOINT, which is the only place that has them. */
async function flagsOfImage(): Promise<readonly string[]> {
  const dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8')
  const [, entry] = /^ENTRYPOINT (\[.*"\/app\/main\.js"\])$/m.exec(dockerfile) ?? []
  if (entry === undefined) throw new Error('the Dockerfile does not have a readable ENTRYPOINT')
  return (JSON.parse(entry) as string[]).slice(1, -1)
}

/** The options for `parseArgs`. */
export const binaryOptions = {
  out: { type: 'string', default: 'dist/marketplace-sidecar' },
  node: { type: 'string', default: process.execPath },
} as const

if (import.meta.main) {
  const { out, node } = parseArgs({ options: binaryOptions }).values
  const bytes = await buildBinary(out, node)
  console.log(`${out}: ${(bytes / 1e6).toFixed(1)} MB`)
}
