/**
 * Brings what `npm run test:openapi` needs into `.cache/openapi`: `node scripts/openapi-tools.ts`. One
 * program reads the document as a linter, the other asks the sidecar what the document says.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const cache = join(root, '.cache/openapi')
const requirements = join(root, 'test/openapi/requirements.txt')

/** It has its dependencies inside, so that one hash pins them all. */
const redocly = {
  package: '@redocly/cli@2.77.0',
  sha256: '407a02e97db09453466dad4862078ffd9645bfca41f312612b599a5269602bad',
}

/** The script of Redocly's linter, for Node. */
export async function redoclyScript(): Promise<string> {
  const folder = join(cache, `redocly-${redocly.sha256.slice(0, 12)}`)
  const script = join(folder, 'package/bin/cli.js')
  if (existsSync(script)) return script
  await mkdir(cache, { recursive: true })
  const work = await mkdtemp(join(cache, 'work-'))
  const flags = ['--silent', '--no-update-notifier', '--pack-destination', work]
  const { stdout } = await run('npm', ['pack', redocly.package, ...flags])
  const tarball = join(work, stdout.trim())
  const sha256 = createHash('sha256')
    .update(await readFile(tarball))
    .digest('hex')
  if (sha256 !== redocly.sha256)
    throw new Error(`${redocly.package} has the SHA-256 ${sha256}, not ${redocly.sha256}`)
  await run('tar', ['-xzf', tarball, '-C', work])
  await rm(tarball)
  await rename(work, folder)
  return script
}

/** The program `schemathesis`; made once for each content of requirements.txt. */
export async function schemathesisPath(): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  const folder = join(cache, `python-${hash.slice(0, 12)}`)
  const program = join(folder, 'bin/schemathesis')
  const complete = join(folder, 'complete')
  if (existsSync(complete)) return program
  await rm(folder, { recursive: true, force: true })
  await run('python3', ['-m', 'venv', folder])
  const options = ['--quiet', '--disable-pip-version-check', '--requirement', requirements]
  await run(join(folder, 'bin/python'), ['-m', 'pip', 'install', ...options])
  await writeFile(complete, '')
  return program
}

if (import.meta.main) {
  console.log(await redoclyScript())
  console.log(await schemathesisPath())
}
