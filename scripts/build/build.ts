/**
 * Bundles a program into one file: `node scripts/build/build.ts [entry] [outfile]`, by default the sidecar
 * into `dist/main.js` and the emulator into `dist/emulator.js`. It writes the licences of the contents and a
 * package.json with the module type next to each.
 */
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { build, type Metafile } from 'esbuild'
import { cronInUtc } from './cron-in-utc.ts'
import {
  checksums,
  developmentCommands,
  http2,
  injection,
  leaveOut,
  logTransports,
  otherMetrics,
  pluginVersions,
  personalCredentials,
  personalPasswords,
  schemaCompilers,
  type Part,
} from './leave-out.ts'
import { ensureStatusPage } from './status-page.ts'

/** Programs that consist of one development command. */
const developmentPrograms = /(^|\/)cli\/emulate\/emulate-main\.ts$/

/** For npm, which runs a bin unchanged. */
export const shebang = '#!/usr/bin/env node\n'

/** Makes the bundle strict, as the sources are. esbuild's own directive follows this text, too late to count. */
const prologue = `'use strict'
const urlOfBundle = require('node:url').pathToFileURL(__filename).href`

interface Bundle {
  readonly bytes: number
  /** Every file that contributed code, relative to the working directory. */
  readonly inputs: readonly string[]
}

export interface BundleOptions {
  /** Parts that never run in this program. */
  readonly without?: readonly Part[]
}

/**
 * Writes the bundle of `entry` to `outfile`, as CommonJS: an `import` of `node:http` from a module reads
 * every export of it, which loads Node's whole client for fetch and WebSocket, 35 ms and 6 MB at each start.
 */
export async function bundle(
  entry: string,
  outfile: string,
  { without = leftOutOf(entry) }: BundleOptions = {},
): Promise<Bundle> {
  await ensureStatusPage()
  const { metafile } = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    define: { 'import.meta.url': 'urlOfBundle' },
    // V8's compiled form in a single executable does not support it.
    supported: { 'dynamic-import': false },
    // Without these, esbuild uses the CommonJS builds of the SDK, which are larger.
    mainFields: ['module', 'main'],
    // Names stay as written and lines are short, which keeps stack traces in a log readable. Without the
    // indentation the sidecar takes 1 MB less memory.
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 120,
    // A single character beyond ASCII makes V8 store the whole source at two bytes a character: 13 MB.
    charset: 'ascii',
    legalComments: 'none',
    banner: { js: shebang + prologue },
    plugins: [leaveOut(without), cronInUtc],
    metafile: true,
    logLevel: 'warning',
  })
  const inputs = inputsOf(metafile).filter(
    (path) => !without.some(({ modules }) => modules.test(path)),
  )
  await chmod(outfile, 0o755)
  const nextTo = (name: string) => join(dirname(outfile), name)
  await writeFile(nextTo('package.json'), '{ "type": "commonjs" }\n')
  await writeFile(nextTo(licenceFileOf(outfile)), await licencesOf(inputs))
  return { bytes: (await stat(outfile)).size, inputs }
}

function leftOutOf(entry: string): readonly Part[] {
  const always = [
    schemaCompilers,
    injection,
    http2,
    otherMetrics,
    logTransports,
    checksums,
    pluginVersions,
  ]
  return developmentPrograms.test(entry)
    ? always
    : [developmentCommands, personalCredentials, personalPasswords, ...always]
}

/** Bundles in one folder must not overwrite each other's licences. */
function licenceFileOf(outfile: string): string {
  const name = basename(outfile, '.js')
  return name === 'main' ? 'THIRD-PARTY-LICENSES.txt' : `${name}-THIRD-PARTY-LICENSES.txt`
}

function inputsOf(metafile: Metafile): readonly string[] {
  return Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([path, input]) =>
      input.bytesInOutput > 0 ? [path] : [],
    ),
  )
}

/** The name, licence and licence text of every package in `inputs`. */
async function licencesOf(inputs: readonly string[]): Promise<string> {
  const folders = new Set(
    inputs.flatMap((path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  )
  const sections = [...folders].toSorted().map(async (folder) => {
    const manifest: { name: string; version: string; license?: string } = JSON.parse(
      await readFile(join(folder, 'package.json'), 'utf8'),
    )
    const names = (await readdir(folder)).filter((name) => /^(licen[cs]e|notice)\b/i.test(name))
    const texts = await Promise.all(
      names.toSorted().map((name) => readFile(join(folder, name), 'utf8')),
    )
    const title = `${manifest.name} ${manifest.version} (${manifest.license ?? 'see below'})`
    return [title, ...texts.map((text) => text.trim())].join('\n\n')
  })
  return `${(await Promise.all(sections)).join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

if (import.meta.main) {
  const [entry, outfile = 'dist/main.js'] = process.argv.slice(2)
  const programs =
    entry === undefined
      ? [
          ['src/main.ts', 'dist/main.js'],
          ['src/cli/emulate/emulate-main.ts', 'dist/emulator.js'],
        ]
      : [[entry, outfile]]
  for (const [from = '', to = ''] of programs) {
    const { bytes } = await bundle(from, to)
    console.log(`${to}: ${Math.round(bytes / 1024)} KiB`)
  }
}
