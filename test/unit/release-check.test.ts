import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  checkRelease,
  namedVersions,
  readText,
  releaseSections,
  type ReleaseState,
} from '../../scripts/release-check.ts'

const manifest = JSON.parse(readText('package.json')) as {
  version: string
  scripts: Record<string, string>
}
const { version } = manifest

test('every place that names the version names the one of package.json', () => {
  const named = namedVersions()
  const files = Object.groupBy(named, ({ file }) => file)
  expect(named.filter((one) => one.version !== version)).toEqual([])
  expect(Object.entries(files).map(([file, found]) => [file, found?.length])).toEqual([
    ['package-lock.json', 2],
    ['helm/marketplace-sidecar/Chart.yaml', 2],
    ['helm/marketplace-sidecar/values.yaml', 1],
    ['ecs-task-def.json', 1],
    ['deploy/ecs-task-def-ec2.json', 1],
    ['deploy/cloudformation.yaml', 1],
    ['compose.yaml', 3],
  ])
})

test('a place that does not name a version any more is found', () => {
  const read = (file: string) => (file === 'compose.yaml' ? 'services: {}' : readText(file))
  expect(namedVersions(read)).toContainEqual({ file: 'compose.yaml', version: 'none' })
})

test('the newest release in the change log, once there is one, is this version', () => {
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

  test('has what the change log says of it as its notes', () => {
    expect(checkRelease(right)).toEqual({ mistakes: [], notes: '### Added\n\n- This.' })
  })

  test('of the last section leaves the links out of its notes', () => {
    const oldest = releaseSections(changelog).at(-1)
    expect(oldest).toEqual({ version: '1.2.2', date: '2026-11-01', notes: '- That.' })
  })

  test.each([
    ['another tag', { tag: 'v1.2.4' }, ['The tag is v1.2.4, package.json has 1.2.3.']],
    ['a tag without v', { tag: '1.2.3' }, ['The tag is 1.2.3, package.json has 1.2.3.']],
    [
      'a chart of another version',
      { named: [{ file: 'Chart.yaml', version: '1.2.2' }] },
      ['Chart.yaml names 1.2.2, package.json 1.2.3.'],
    ],
    [
      'a change log without it',
      { changelog: '## [Unreleased]\n\n- This.\n' },
      ['CHANGELOG.md has no heading "## [1.2.3] - <date>".'],
    ],
    [
      'no date',
      { changelog: '## [1.2.3]\n\n- This.\n' },
      ['In CHANGELOG.md 1.2.3 has no date such as 2026-11-22.'],
    ],
    [
      'nothing to say',
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
  ])('with %s is none', (_, wrong, mistakes) => {
    expect(checkRelease({ ...right, ...wrong }).mistakes).toEqual(mistakes)
  })
})

describe('the release workflow', () => {
  const text = readText('.github/workflows/release.yml')
  const { on, jobs } = parse(text) as {
    on: unknown
    jobs: Record<string, { needs?: string; steps: { run?: string; uses?: string }[] }>
  }
  const commands = Object.values(jobs).flatMap(({ steps }) => steps.map(({ run = '' }) => run))

  test('runs for tags of versions only', () => {
    expect(on).toEqual({ push: { tags: ['v*'] } })
  })

  test('checks the tag and everything else before anything is built, and publishes last', () => {
    expect(Object.entries(jobs).map(([name, { needs }]) => [name, needs])).toEqual([
      ['check', undefined],
      ['build', 'check'],
      ['publish', 'build'],
    ])
    const checks = (jobs['check']?.steps ?? []).map(({ run = '' }) => run).join('\n')
    expect(checks).toContain('release:check -- "$GITHUB_REF_NAME"')
    expect(checks).toContain('bash .ci/run')
  })

  test('names only scripts that there are', () => {
    const named = commands.flatMap((run) =>
      [...run.matchAll(/npm run (?:--silent )?([a-z:]+)/g)].map(([, script = '']) => script),
    )
    expect(named).toContain('build:binary')
    expect(named.filter((script) => !(script in manifest.scripts))).toEqual([])
  })

  test('builds an image that AWS Marketplace takes: without attestations, and not named latest', () => {
    const builds = commands.filter((run) => run.includes('docker buildx build'))
    expect(builds).toHaveLength(1)
    expect(builds[0]).toContain('--provenance=false --sbom=false')
    expect(text).not.toContain(':latest')
  })

  test('scans the image before it is pushed', () => {
    const steps = (jobs['build']?.steps ?? []).map(({ run = '' }) => run)
    const scan = steps.findIndex((run) => run.includes('grype'))
    expect(scan).toBeGreaterThan(steps.findIndex((run) => run.includes('docker buildx build')))
    expect(scan).toBeLessThan(steps.findIndex((run) => run.includes('docker push')))
  })

  test('uses no action of a third party, and every tool at a fixed version', () => {
    const uses = Object.values(jobs).flatMap(({ steps }) =>
      steps.flatMap(({ uses: one }) => one ?? []),
    )
    expect(uses.filter((one) => !/^actions\/[a-z-]+@v\d+$/.test(one))).toEqual([])
    for (const [tool] of text.matchAll(/go run (\S+)/g)) expect(tool).toMatch(/@v\d+\.\d+\.\d+$/)
  })
})
