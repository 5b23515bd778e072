import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  checkRelease,
  namedVersions,
  readText,
  releaseSections,
  type ReleaseState,
} from '../../../scripts/tools/release-check.ts'
import { startCommand, temporaryDirectory } from '../../support/program/program.ts'

const manifest = JSON.parse(readText('package.json')) as {
  version: string
  scripts: Record<string, string>
}
const { version } = manifest

test('every place that names the version names the one in package.json', () => {
  const named = namedVersions()
  const files = new Set(named.map(({ file }) => file))
  expect(named.filter((one) => one.version !== version)).toEqual([])
  for (const file of [
    'package-lock.json',
    'helm/marketplace-sidecar/Chart.yaml',
    'ecs-task-def.json',
    'deploy/ecs-task-def-ec2.json',
    'deploy/cloudformation.yaml',
    'deploy/compose/compose.yaml',
    'docs/guides/ecs.md',
  ])
    expect(files).toContain(file)
})

test('versions are found in every form', () => {
  const root = temporaryDirectory()
  const write = (file: string, text: string) => {
    mkdirSync(join(root, dirname(file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  for (const folder of ['deploy', 'docs', 'examples']) mkdirSync(join(root, folder))
  write('CHANGELOG.md', 'marketplace-sidecar:0.0.1')
  write('Dockerfile', 'ARG BASE=1.2.3\nARG VERSION=1.0.1\n')
  write('compose.yaml', 'image: marketplace-sidecar-emulator:1.0.2\nimage: other:9.9.9\n')
  write('helm/a/Chart.yaml', 'version: 1.0.3\nappVersion: "1.0.4"\nkubeVersion: 9.9.9\n')
  write('helm/b/Chart.yaml', 'dependencies:\n  - name: marketplace-sidecar\n    version: 1.0.5\n')
  write('helm/b/values.yaml', "  repository: s/marketplace-sidecar\n  # Tag.\n  tag: '1.0.6'\n")
  write('docs/node_modules/x.md', 'marketplace-sidecar:9.9.9')
  expect(namedVersions(root)).toEqual([
    { file: 'helm/a/Chart.yaml', version: '1.0.3' },
    { file: 'helm/a/Chart.yaml', version: '1.0.4' },
    { file: 'helm/b/Chart.yaml', version: '1.0.5' },
    { file: 'helm/b/values.yaml', version: '1.0.6' },
    { file: 'Dockerfile', version: '1.0.1' },
    { file: 'compose.yaml', version: '1.0.2' },
  ])
})

test('the newest release in the change log, if there is one, is this version', () => {
  const [newest] = releaseSections(readText('CHANGELOG.md'))
  expect(newest?.version ?? version).toBe(version)
})

describe('a release', () => {
  const changelog = `# Changelog\n\n## [Unreleased]\n\n- Later.\n
## [1.2.3] - 2026-11-22\n\n### Added\n\n- This.\n\n## [1.2.2] - 2026-11-01\n\n- That.\n
[1.2.3]: https://example.com/1.2.3\n`
  const right: ReleaseState = {
    tag: 'v1.2.3',
    version: '1.2.3',
    named: [{ file: 'Chart.yaml', version: '1.2.3' }],
    changelog,
  }

  test('has its section of the change log as its notes', () => {
    expect(checkRelease(right)).toEqual({ mistakes: [], notes: '### Added\n\n- This.' })
  })

  test('in the last section has notes without the links', () => {
    const oldest = releaseSections(changelog).at(-1)
    expect(oldest).toEqual({ version: '1.2.2', date: '2026-11-01', notes: '- That.' })
  })

  test.each([
    ['another tag', { tag: 'v1.2.4' }, ['The tag is v1.2.4, package.json has 1.2.3.']],
    ['a tag without v', { tag: '1.2.3' }, ['The tag is 1.2.3, package.json has 1.2.3.']],
    [
      'a chart with another version',
      { named: [{ file: 'Chart.yaml', version: '1.2.2' }] },
      ['Chart.yaml names 1.2.2, package.json 1.2.3.'],
    ],
    [
      'a change log without its section',
      { changelog: '## [Unreleased]\n\n- This.\n' },
      ['CHANGELOG.md has no heading "## [1.2.3] - <date>".'],
    ],
    [
      'no date',
      { changelog: '## [1.2.3]\n\n- This.\n' },
      ['In CHANGELOG.md 1.2.3 has no date such as 2026-11-22.'],
    ],
    [
      'an empty section',
      { changelog: '## [1.2.3] - 2026-11-22\n\n## [1.2.2] - 2026-11-01\n\n- That.\n' },
      ['In CHANGELOG.md 1.2.3 says nothing.'],
    ],
    [
      'several mistakes',
      { tag: 'v2.0.0', changelog: '' },
      [
        'The tag is v2.0.0, package.json has 1.2.3.',
        'CHANGELOG.md has no heading "## [1.2.3] - <date>".',
      ],
    ],
  ])('with %s is refused', (_, wrong, mistakes) => {
    expect(checkRelease({ ...right, ...wrong }).mistakes).toEqual(mistakes)
  })
})

test('the command exits with 1 and says why if the tag differs', async () => {
  const { code, out, err } = await startCommand('npm', ['run', '-s', 'release:check', '--', 'v0'])
    .ended
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toContain(`The tag is v0, package.json has ${version}.\n`)
})

describe('the release workflow', () => {
  const text = readText('.github/workflows/release.yml')
  const { on, jobs } = parse(text) as {
    on: unknown
    jobs: Record<
      string,
      {
        needs?: string
        strategy?: { matrix: { include: { arch: string }[] } }
        steps: { run?: string; uses?: string }[]
      }
    >
  }
  const commands = Object.values(jobs).flatMap(({ steps }) => steps.map(({ run = '' }) => run))

  test('runs only for version tags', () => {
    expect(on).toEqual({ push: { tags: ['v*'] } })
  })

  test('checks the tag and everything else before it builds, and publishes last', () => {
    expect(Object.entries(jobs).map(([name, { needs }]) => [name, needs])).toEqual([
      ['check', undefined],
      ['build', 'check'],
      ['publish', 'build'],
    ])
    const checks = (jobs['check']?.steps ?? []).map(({ run = '' }) => run).join('\n')
    expect(checks).toContain('release:check -- "$GITHUB_REF_NAME"')
    expect(checks).toContain('bash .ci/run')
  })

  test('names only scripts that exist', () => {
    const named = commands.flatMap((run) =>
      [...run.matchAll(/npm run (?:--silent )?([a-z:]+)/g)].map(([, script = '']) => script),
    )
    expect(named).toContain('build:binary')
    expect(named.filter((script) => !(script in manifest.scripts))).toEqual([])
  })

  test('builds an image that AWS Marketplace accepts: without attestations, and not named latest', () => {
    const builds = commands.filter((run) => run.includes('docker buildx build'))
    expect(builds).toHaveLength(1)
    expect(builds[0]).toContain('--provenance=false --sbom=false')
    expect(text).not.toContain(':latest')
  })

  test('makes the chart, an executable and an image for both processors, their bills of materials, and all checksums', () => {
    expect(jobs['build']?.strategy?.matrix.include.map(({ arch }) => arch)).toEqual([
      'amd64',
      'arm64',
    ])
    const all = commands.join('\n')
    for (const made of [
      'helm package helm/marketplace-sidecar --destination out',
      'cp dist/marketplace-sidecar "out/marketplace-sidecar-$VERSION-linux-$ARCH"',
      'docker push "$TAGGED"',
      '--output "cyclonedx-json=out/marketplace-sidecar-$VERSION-linux-$ARCH.cdx.json"',
      '"$IMAGE:$version-amd64" "$IMAGE:$version-arm64"',
      'sha256sum -- *',
    ])
      expect(all).toContain(made)
  })

  test('scans the image before it is pushed', () => {
    const steps = (jobs['build']?.steps ?? []).map(({ run = '' }) => run)
    const scan = steps.findIndex((run) => run.includes('grype'))
    expect(scan).toBeGreaterThan(steps.findIndex((run) => run.includes('docker buildx build')))
    expect(scan).toBeLessThan(steps.findIndex((run) => run.includes('docker push')))
  })

  test('uses no third-party action, and every tool at a fixed version', () => {
    const uses = Object.values(jobs).flatMap(({ steps }) =>
      steps.flatMap(({ uses: one }) => one ?? []),
    )
    expect(uses.filter((one) => !/^actions\/[a-z-]+@[0-9a-f]{40}$/.test(one))).toEqual([])
    for (const [tool] of text.matchAll(/go run (\S+)/g)) expect(tool).toMatch(/@v\d+\.\d+\.\d+$/)
  })
})
