/**
 * Builds the API server of Kubernetes and etcd from the Go module proxy into `.cache/kubernetes`, for
 * `npm run test:kubernetes`: `node scripts/tools/kubernetes-tools.ts` prints their paths. It needs Go, 10 minutes on
 * two processors, and 8 GB of disk.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cachePath } from './bring-tools.ts'
import { cached } from './tool-cache.ts'

const run = promisify(execFile)
const modules = fileURLToPath(new URL('../../test/kubernetes/tools', import.meta.url))

/** Pinned by the go.mod of each: a server that does not know its own version refuses to start. */
const version = { minor: 34, patch: 4 }

export const kubernetesTools = {
  apiServer: () =>
    goProgram('apiserver', 'k8s.io/kubernetes/cmd/kube-apiserver', [
      `-X k8s.io/component-base/version.gitVersion=v1.${version.minor}.${version.patch}`,
      '-X k8s.io/component-base/version.gitMajor=1',
      `-X k8s.io/component-base/version.gitMinor=${version.minor}`,
    ]),
  etcd: () => goProgram('etcd', 'go.etcd.io/etcd/server/v3'),
} as const

async function goProgram(
  name: string,
  program: string,
  flags: readonly string[] = [],
): Promise<string> {
  const module = join(modules, name)
  const pins = ['go.mod', 'go.sum'].map((file) => join(module, file))
  const folder = await cached(join(cachePath('kubernetes'), name), pins, async (home) => {
    const link = ['-s', '-w', ...flags].join(' ')
    await run('go', ['build', '-ldflags', link, '-o', join(home, name), program], {
      cwd: module,
    }).catch((cause: unknown) => {
      throw new Error(
        `${name} could not be built. Check that Go is installed and that its module proxy can be reached.`,
        { cause },
      )
    })
  })
  return join(folder, name)
}

if (import.meta.main)
  for (const [name, bring] of Object.entries(kubernetesTools)) console.log(name, await bring())
