/**
 * `npm run release:check -- v1.2.3`: whether a release may have this tag. Every place that names the
 * version must name this one, and CHANGELOG.md must say with a date what is in it. Prints the notes of the
 * release; exits with 1 and every mistake otherwise.
 */
import { readFileSync } from 'node:fs'

const root = new URL('../', import.meta.url)

/** Where the version of package.json stands as well. Every match of the pattern's group is one. */
const places: Readonly<Record<string, RegExp>> = {
  'package-lock.json': /^ {2,6}"version": "([^"]+)"(?=,\n {2,6}"(?:lockfileVersion|license)": )/gm,
  'helm/marketplace-sidecar/Chart.yaml': /^(?:version|appVersion): ['"]?([^\s'"]+)/gm,
  'helm/marketplace-sidecar/values.yaml': /\/marketplace-sidecar\n *#.*\n *tag: ['"]?([^\s'"]+)/g,
  'ecs-task-def.json': /\/marketplace-sidecar:([^"]+)"/g,
  'deploy/ecs-task-def-ec2.json': /\/marketplace-sidecar:([^"]+)"/g,
  'deploy/cloudformation.yaml': /\/marketplace-sidecar:(\S+)/g,
  'compose.yaml': /image: marketplace-sidecar(?:-emulator)?:(\S+)/g,
}

export interface Named {
  readonly file: string
  readonly version: string
}

export function readText(file: string): string {
  return readFileSync(new URL(file, root), 'utf8')
}

/** Each place that names the version of the sidecar, with what it names. */
export function namedVersions(read: (file: string) => string = readText): Named[] {
  return Object.entries(places).flatMap(([file, pattern]) => {
    const found = [...read(file).matchAll(pattern)].map(([, version = '']) => ({ file, version }))
    return found.length > 0 ? found : [{ file, version: 'none' }]
  })
}

export interface ReleaseSection {
  readonly version: string
  readonly date: string
  /** What is under the heading. */
  readonly notes: string
}

/** The releases in the change log, the newest first. */
export function releaseSections(changelog: string): ReleaseSection[] {
  return changelog
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const [, version = '', date = ''] = /^\[(\d\S*)\](?: - (\S+))?/.exec(section) ?? []
      const notes = section.slice(section.indexOf('\n') + 1).replace(/^\[.+\]: .*$/gm, '')
      return version === '' ? [] : [{ version, date, notes: notes.trim() }]
    })
}

export interface ReleaseState {
  readonly tag: string
  /** Of package.json. */
  readonly version: string
  readonly named: readonly Named[]
  readonly changelog: string
}

/** The notes of the release, or what keeps it from being one. */
export function checkRelease({ tag, version, named, changelog }: ReleaseState): {
  mistakes: string[]
  notes: string
} {
  const section = releaseSections(changelog).find((one) => one.version === version)
  const mistakes = [
    ...(tag === `v${version}` ? [] : [`The tag is ${tag}, package.json has ${version}.`]),
    ...named
      .filter((one) => one.version !== version)
      .map((one) => `${one.file} names ${one.version}, package.json ${version}.`),
  ]
  if (section === undefined)
    mistakes.push(`CHANGELOG.md has no heading "## [${version}] - <date>".`)
  else {
    if (!/^\d{4}-\d\d-\d\d$/.test(section.date))
      mistakes.push(`In CHANGELOG.md ${version} has no date such as 2026-11-22.`)
    if (!/^- /m.test(section.notes)) mistakes.push(`In CHANGELOG.md ${version} says nothing.`)
  }
  return { mistakes, notes: section?.notes ?? '' }
}

if (import.meta.main) {
  const { version } = JSON.parse(readText('package.json')) as { version: string }
  const { mistakes, notes } = checkRelease({
    tag: process.argv[2] ?? 'missing',
    version,
    named: namedVersions(),
    changelog: readText('CHANGELOG.md'),
  })
  if (mistakes.length === 0) console.log(notes)
  else console.error(mistakes.join('\n'))
  process.exitCode = mistakes.length === 0 ? 0 : 1
}
