/**
 * Installs what `npm run test:examples` needs apart from the languages: `node scripts/tools/example-tools.ts`
 * installs the Python packages of the examples into `.cache/examples`.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachePath, pythonEnvironment } from './bring-tools.ts'

const requirements = fileURLToPath(
  new URL('../../examples/proof/python/requirements.txt', import.meta.url),
)

/** Returns the path of a Python with the packages that the example requires. */
export async function examplePython(): Promise<string> {
  return join(await pythonEnvironment(cachePath('examples/python'), requirements), 'bin/python')
}

if (import.meta.main) console.log(await examplePython())
