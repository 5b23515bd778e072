import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { binaryOptions } from '../../scripts/build/build-binary.ts'
import manifest from '../../package.json' with { type: 'json' }
import { readPage, tableOf } from './page.ts'

const root = new URL('../../', import.meta.url)
const page = readPage('guides/image.md')
const read = (name: string) => readFileSync(new URL(name, root), 'utf8')
/** Returns each instruction on one line, without comments. */
const dockerfile = read('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
const [, runtime = ''] = dockerfile.split(/^FROM .* AS runtime$/m)
const [runtimeStage = ''] = runtime.split(/^FROM /m)

const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, text]) => text,
  )

describe('docs/guides/image.md', () => {
  test('has every build argument with its default, and no other', () => {
    const [beforeStages = ''] = dockerfile.split(/^FROM /m)
    const args = [...beforeStages.matchAll(/^ARG (\w+)=(\S+)$/gm)].map(([, ...parts]) => parts)
    const named = tableOf(page, 'Build argument').map(([name, value]) => [name, value])
    expect(named).toEqual(args)
  })

  test('has every target that is not an intermediate stage', () => {
    const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, name]) => name)
    const targets = stages.filter((name) => !new RegExp(`\\bfrom=${name}[ ,]`).test(dockerfile))
    expect(tableOf(page, 'Target').map(([name]) => name)).toEqual(
      targets.filter((name) => !new RegExp(`^FROM ${name} AS`, 'm').test(dockerfile)),
    )
  })

  test('has the instructions of the runtime stage with their values', () => {
    const named = tableOf(page, 'Instruction').map(([name, value]) => `${name} ${value}`)
    const others = /^(LABEL|COPY|ENV|ARG|HEALTHCHECK)\b/
    const lines = runtimeStage.split('\n').filter((line) => line !== '' && !others.test(line))
    expect(named).toEqual(lines)
  })

  test('has every variable of the image, and no other', () => {
    const [, variables = ''] = /^ENV (.*)$/m.exec(runtimeStage) ?? []
    const named = tableOf(page, 'Variable').map(([name, value]) => `${name}=${value}`)
    expect(named).toEqual(variables.split(/\s+/))
  })

  test('has every option of the executable’s build, and no other', () => {
    const named = tableOf(page, 'Option').map(([name]) => name)
    expect(named).toEqual(Object.keys(binaryOptions).map((name) => `--${name}`))
  })

  test('shows the Dockerfile of the example', () => {
    expect(blocks('Dockerfile')).toContain(read('examples/seller-image/Dockerfile'))
  })

  test('builds without attestations wherever it builds with Docker', () => {
    const builds = blocks('sh').flatMap((text) =>
      String(text)
        .replaceAll('\\\n', '')
        .split('\n')
        .filter((line) => /^docker \S*\s?build\b/.test(line)),
    )
    expect(builds.length).toBeGreaterThan(2)
    for (const line of builds) expect(line).toContain(' --provenance=false --sbom=false ')
  })

  test('names only scripts that exist', () => {
    const scripts = new Set(
      [...page.matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => String(name)),
    )
    expect([...scripts].filter((name) => !Object.hasOwn(manifest.scripts, name))).toEqual([])
    expect([...scripts]).toEqual(
      expect.arrayContaining(['build:binary', 'test:binary', 'test:image']),
    )
  })
})
