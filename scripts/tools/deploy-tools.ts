/**
 * Installs the tools that `npm run test:deploy` checks the deployment files with, at pinned versions, into
 * `.cache/deploy`: `node scripts/tools/deploy-tools.ts` prints the path of each. It needs Python 3 with venv, Go,
 * npm and apt-get. The AWS CLI comes from scripts/tools/client-tools.ts.
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

/** Pinned here, because it needs no file for a package manager. */
const terraformProvider = {
  package: '@cdktf/provider-aws@21.22.1',
  sha256: 'd1446ab6ac6526c6fab4b28a5ebefdd90c0ce56203949925d35a4d286c05cbbf',
}

/** Each resolves with a path and installs its tool on the first call. */
export const deployTools = {
  /** Lints CloudFormation templates. */
  async cfnLint(): Promise<string> {
    const requirements = join(sources, 'python/requirements.txt')
    return join(await pythonEnvironment(join(cache, 'python'), requirements), 'bin/cfn-lint')
  },

  /** Lints the workflows of GitHub Actions. */
  actionlint: () => goProgram('actionlint', 'github.com/rhysd/actionlint/cmd/actionlint'),

  /** Reads compose files as `docker compose config` does, with Docker Compose's own reader. */
  composeConfig: () => goProgram('compose', '.', ['main.go']),

  /** Prints the values of the expressions in a Terraform module. */
  terraformValues: () => goProgram('terraform', '.', ['main.go']),

  /** A folder with `<resource>/index.d.ts` for those resources of Terraform's AWS provider that may be used. */
  terraformResources(): Promise<string> {
    const wanted = ['cloudwatch', 'ecs', 'iam', 'sns', 'sqs'].map(
      (part) => `package/lib/${part}-*/index.d.ts`,
    )
    return cached(join(cache, 'terraform-provider'), [self], (home) =>
      unpackNpmPackage(terraformProvider, home, '--wildcards', '--strip-components=2', ...wanted),
    )
  },

  prometheus: async () => (await prometheusTools()).prometheus,

  awsCli: async () => (await clients.awsCli.install()).command,
} as const

/** Builds a program of the Go module in `sources/name`; its go.sum pins everything. */
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
        throw new Error(
          `${name} could not be built. Check that Go is installed and that its module proxy can be reached.`,
          {
            cause,
          },
        )
      },
    )
  })
  return join(folder, name)
}

if (import.meta.main) {
  for (const [name, bring] of Object.entries(deployTools)) console.log(`${name}: ${await bring()}`)
}
