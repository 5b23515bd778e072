/**
 * What `npm run test:examples` needs besides the languages: `node scripts/tools/example-tools.ts` puts the
 * Python packages of the examples into `.cache/examples`.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachePath, pythonEnvironment } from './bring-tools.ts'

const requirements = fileURLToPath(
  new URL('../../examples/proof/python/requirements.txt', import.meta.url),
)

/** A Python that has what the example requires. */
export async function examplePython(): Promise<string> {
  return join(await pythonEnvironment(cachePath('examples/python'), requirements), 'bin/python')
}

if (import.meta.main) console.log(await examplePython())
