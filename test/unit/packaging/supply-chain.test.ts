import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { root } from '../../support/program/program.ts'

const folder = join(root, '.github/workflows')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

test.each(readdirSync(folder))(
  '%s names every action by its commit, and says which version it is',
  (file) => {
    const uses = read(join('.github/workflows', file)).match(/uses: .*/g) ?? []
    expect(uses.length).toBeGreaterThan(0)
    for (const line of uses) expect(line).toMatch(/^uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  },
)

test('every image that is not built here is named by its digest', () => {
  const { services } = parse(read('deploy/compose/compose.yaml')) as {
    services: Readonly<Record<string, { image: string }>>
  }
  const images = Object.values(services).map(({ image }) => image)
  const foreign = images.filter((image) => !image.startsWith('marketplace-sidecar'))
  expect(foreign).not.toEqual([])
  for (const image of foreign) expect(image).toMatch(/@sha256:[0-9a-f]{64}$/)
  const bases = read('Dockerfile').match(/^ARG \w+_IMAGE=.*/gm) ?? []
  expect(bases).toHaveLength(2)
  for (const base of bases) expect(base).toMatch(/@sha256:[0-9a-f]{64}$/)
})

test.each(['.github/workflows/release.yml', 'docs/guides/image.md', 'docs/guides/seller-guide.md'])(
  '%s builds images for the marketplace without attestation layers, which it refuses',
  (path) => {
    const builds = read(path).match(/^ *docker (buildx )?build .*$/gm) ?? []
    const forMarketplace = builds.filter((line) => !line.includes('--target emulator'))
    expect(forMarketplace).not.toEqual([])
    for (const line of forMarketplace) expect(line).toContain(' --provenance=false --sbom=false')
  },
)

test('a release lists the packages of the bundle and signs its checksums with the workflow’s identity', () => {
  const { jobs } = parse(read('.github/workflows/release.yml')) as {
    jobs: Readonly<Record<string, { permissions?: object; steps: { run?: string }[] }>>
  }
  const scripts = (job: string) => jobs[job]?.steps.map(({ run = '' }) => run).join('\n')
  expect(scripts('check')).toMatch(/npm sbom .*--sbom-format cyclonedx/)
  expect(scripts('publish')).toMatch(
    /sha256sum -- \*[^]*cosign@v[\d.]+ sign-blob --yes[^]*SHA256SUMS\n[^]*gh release create/,
  )
  expect(jobs['publish']?.permissions).toMatchObject({ 'id-token': 'write' })
  const signers = Object.keys(jobs).filter((name) => 'id-token' in (jobs[name]?.permissions ?? {}))
  expect(signers).toEqual(['publish'])
})

test.each([
  'ecs-task-def.json',
  'deploy/ecs-task-def-ec2.json',
  'deploy/ecs-task-def-saas.json',
  'deploy/ecs-task-def-sources.json',
  'deploy/cloudformation.yaml',
])('%s limits the sidecar’s memory as the chart does', (file) => {
  const limit = /limits:\n.*\n *memory: (\d+)Mi/.exec(read('helm/marketplace-sidecar/values.yaml'))
  const [, memory] = /^ {6,}"?memory"?: (\d+)/im.exec(read(file)) ?? []
  expect(limit?.[1]).toBe('256')
  expect(memory ?? /^ {10}Memory: (\d+)$/m.exec(read(file))?.[1]).toBe(limit?.[1])
})
