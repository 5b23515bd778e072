/**
 * Checks whether a release may have a tag: `npm run release:check -- v1.2.3`. Every place that names the
 * version must name this one, and CHANGELOG.md must have a dated section for it. Prints the release notes, or
 * prints every mistake and exits with 1.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The ways in which a file names the version of the sidecar, by the end of its path. */
const forms: readonly (readonly [end: RegExp, form: RegExp])[] = [
  // The name of an image, in any file.
  [/./, /\bmarketplace-sidecar(?:-emulator)?:(\d+\.\d+\.\d+[\w.-]*)/g],
  [/values\.yaml$/, /marketplace-sidecar(?:-emulator)?\n(?: *#.*\n)* *tag: ['"]?([\w.-]+)/g],
  [/Chart\.yaml$/, /^(?:version|appVersion): ['"]?([\w.-]+)/gm],
  [/Chart\.yaml$/, /name: marketplace-sidecar\n +version: ['"]?([\w.-]+)/g],
  [
    /package-lock\.json$/,
    /^ {2,6}"version": "([^"]+)"(?=,\n {2,6}"(?:lockfileVersion|license)": )/gm,
  ],
  [/Dockerfile$/, /^ARG VERSION=(.+)$/gm],
]

/** The folders to search; the last one without its subfolders. */
const folders = ['deploy', 'docs', 'examples', 'helm', '.'] as const
/** Left out, because it names every past version. */
const history = 'CHANGELOG.md'

export interface Named {
  readonly file: string
  readonly version: string
}

export function readText(file: string, from = root): string {
  return readFileSync(join(from, file), 'utf8')
}

/** Returns each place in the repository at `from` that names the version of the sidecar. */
export function namedVersions(from = root): Named[] {
  return filesOf(from).flatMap((file) => {
    const text = readText(file, from)
    return forms
      .filter(([end]) => end.test(file))
      .flatMap(([, form]) => [...text.matchAll(form)])
      .map(([, version = '']) => ({ file, version }))
  })
}

function filesOf(from: string): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(from, folder), { withFileTypes: true, recursive: folder !== '.' })
      .filter((entry) => entry.isFile() && entry.name !== history)
      .map(({ parentPath, name }) => join(parentPath, name).slice(join(from, '/').length))
      .filter((file) => !file.includes('node_modules/'))
      .toSorted(),
  )
}

interface ReleaseSection {
  readonly version: string
  readonly date: string
  /** The text under the heading. */
  readonly notes: string
}

/** Returns the releases in the change log, newest first. */
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
  /** The version in package.json. */
  readonly version: string
  readonly named: readonly Named[]
  readonly changelog: string
}

/** Returns the notes of the release, and the mistakes that prevent it. */
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
