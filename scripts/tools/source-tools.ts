/**
 * Installs what `npm run test:sources` needs into `.cache/sources`: `node scripts/tools/source-tools.ts`. They
 * are foreign exporters and SDKs, and a second parser of metrics pages.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachePath, pythonEnvironment } from './bring-tools.ts'

const cache = cachePath('sources')
const folder = fileURLToPath(new URL('../../test/sources', import.meta.url))

/** The command that runs a Python program of test/sources/python. */
export async function pythonProgram(name: string): Promise<[string, string]> {
  const requirements = join(folder, 'python/requirements.txt')
  const environment = await pythonEnvironment(join(cache, 'python'), requirements)
  return [join(environment, 'bin/python'), join(folder, 'python', name)]
}

if (import.meta.main) console.log(await pythonProgram('parse_pages.py'))
