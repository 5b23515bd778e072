/**
 * Brings what `npm run test:deploy` checks the files for deployment with, at pinned versions, into
 * `.cache/deploy`: `node scripts/tools/deploy-tools.ts` prints the path of each. Python 3 with venv, Go, npm and
 * apt-get bring them there; the AWS CLI is the one of scripts/tools/client-tools.ts.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cachePath, pythonEnvironment, unpackNpmPackage } from './bring-tools.ts'
import { clients } from './client-tools.ts'
import { prometheusTools } from './prometheus-tools.ts'
import { cached } from './tool-cache.ts'

const run = promisify(execFile)
const cache = cachePath('deploy')
const sources = fileURLToPath(new URL('../../test/deploy/tools', import.meta.url))
const self = fileURLToPath(import.meta.url)

/** The packages of the registries, which need no file of their own to be pinned in. */
const terraformProvider = {
  package: '@cdktf/provider-aws@21.22.1',
  sha256: 'd1446ab6ac6526c6fab4b28a5ebefdd90c0ce56203949925d35a4d286c05cbbf',
}

/** Each resolves with a path, and fetches what is behind it when this is the first time. */
export const deployTools = {
  /** Lints CloudFormation templates. */
  async cfnLint(): Promise<string> {
    const requirements = join(sources, 'python/requirements.txt')
    return join(await pythonEnvironment(join(cache, 'python'), requirements), 'bin/cfn-lint')
  },

  /** Lints the workflows of GitHub Actions. */
  actionlint: () => goProgram('actionlint', 'github.com/rhysd/actionlint/cmd/actionlint'),

  /** Reads compose files as `docker compose config` does: it is the reader of Docker Compose. */
  composeConfig: () => goProgram('compose', '.', ['main.go']),

  /** Prints what the expressions of a Terraform module come to. */
  terraformValues: () => goProgram('terraform', '.', ['main.go']),

  /** A folder with `<resource>/index.d.ts` for the resources of Terraform's provider for AWS that may be used. */
  terraformResources(): Promise<string> {
    const wanted = ['cloudwatch', 'ecs', 'iam'].map((part) => `package/lib/${part}-*/index.d.ts`)
    return cached(join(cache, 'terraform-provider'), [self], (home) =>
      unpackNpmPackage(terraformProvider, home, '--wildcards', '--strip-components=2', ...wanted),
    )
  },

  prometheus: async () => (await prometheusTools()).prometheus,

  awsCli: async () => (await clients.awsCli.install()).command,
} as const

/** A program of the Go module in `sources/name`, whose go.sum pins everything. */
async function goProgram(
  name: string,
  program: string,
  more: readonly string[] = [],
): Promise<string> {
  const module = join(sources, name)
  const pins = ['go.mod', 'go.sum', ...more].map((file) => join(module, file))
  const folder = await cached(join(cache, name), pins, async (home) => {
    await run('go', ['build', '-o', join(home, name), program], { cwd: module }).catch(
      (cause: unknown) => {
        throw new Error(`${name} could not be built: is Go here, and its module proxy in reach?`, {
          cause,
        })
      },
    )
  })
  return join(folder, name)
}

if (import.meta.main) {
  for (const [name, bring] of Object.entries(deployTools)) console.log(`${name}: ${await bring()}`)
}
