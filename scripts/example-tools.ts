/**
 * What `npm run test:examples` needs besides the languages: `node scripts/example-tools.ts` puts the
 * Python packages of the examples into `.cache/examples`.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const requirements = join(root, 'examples/proof/python/requirements.txt')

/** A Python that has what the example requires; made once for each content of requirements.txt. */
export async function examplePython(): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  const folder = join(root, '.cache/examples', `python-${hash.slice(0, 12)}`)
  const python = join(folder, 'bin/python')
  const complete = join(folder, 'complete')
  if (existsSync(complete)) return python
  rmSync(folder, { recursive: true, force: true })
  await run('python3', ['-m', 'venv', folder])
  const options = ['--quiet', '--disable-pip-version-check', '--requirement', requirements]
  await run(python, ['-m', 'pip', 'install', ...options])
  writeFileSync(complete, '')
  return python
}

if (import.meta.main) console.log(await examplePython())
