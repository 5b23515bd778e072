/**
 * Installs what `npm run test:openapi` needs into `.cache/openapi`: `node scripts/tools/openapi-tools.ts`. One
 * program lints the document, the other compares a sidecar with it.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachePath, pythonEnvironment, unpackNpmPackage } from './bring-tools.ts'
import { cached } from './tool-cache.ts'

const cache = cachePath('openapi')
const self = fileURLToPath(import.meta.url)
const requirements = fileURLToPath(new URL('../../test/openapi/requirements.txt', import.meta.url))

/** It bundles its dependencies, so that one hash pins all of them. */
const redocly = {
  package: '@redocly/cli@2.77.0',
  sha256: '407a02e97db09453466dad4862078ffd9645bfca41f312612b599a5269602bad',
}

/** Returns the path of Redocly's linter, a script for Node. */
export async function redoclyScript(): Promise<string> {
  const folder = await cached(join(cache, 'redocly'), [self], (home) =>
    unpackNpmPackage(redocly, home),
  )
  return join(folder, 'package/bin/cli.js')
}

/** Returns the path of the program `schemathesis`. */
export async function schemathesisPath(): Promise<string> {
  return join(await pythonEnvironment(join(cache, 'python'), requirements), 'bin/schemathesis')
}

if (import.meta.main) {
  console.log(await redoclyScript())
  console.log(await schemathesisPath())
}
