/**
 * Makes `src/http/routes/status-page-text.ts` from `status-page/`. The program is one file with no others
 * next to it, so the page is a text in it. Git ignores the result, and everything that runs, checks or
 * bundles `src` makes it first.
 */
import { readdirSync, statSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const self = fileURLToPath(import.meta.url)
const root = fileURLToPath(new URL('../..', import.meta.url))
const source = join(root, 'status-page')
/** Where the page gets tables from that the program has too. */
const shared = join(root, 'src/metering')

/** Makes the module unless it is newer than its sources. Then it does not load the bundler, the slow part. */
export async function ensureStatusPage(
  target = join(root, 'src/http/routes/status-page-text.ts'),
): Promise<void> {
  if (changedMs(target) > newestSourceMs()) return
  // A program that starts at this moment reads a complete file, the old one or the new one.
  const unfinished = `${target}.${process.pid}`
  await writeFile(unfinished, await statusPageModule())
  await rename(unfinished, target)
}

/** The folder counts too, because its time changes when a file is deleted. */
function newestSourceMs(): number {
  const files = [source, shared].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  return Math.max(...[self, source, ...files].map(changedMs))
}

/** When the file was last written; 0 for a file that does not exist. */
function changedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** The whole text of the module. */
export async function statusPageModule(): Promise<string> {
  const page = await readFile(join(source, 'page.html'), 'utf8')
  const [style, script] = await Promise.all([bundled('page.css'), bundled('main.ts')])
  const texts = {
    statusPageMarkup: compact(page),
    statusPageStyle: style,
    statusPageScript: script,
  }
  const lines = Object.entries(texts).map(
    ([name, value]) => `export const ${name} = ${JSON.stringify(value)}\n`,
  )
  return `// Made by scripts/build/status-page.ts from the folder status-page.\n${lines.join('')}`
}

/** Names stay as written, so that errors in a browser stay readable. */
async function bundled(entry: string): Promise<string> {
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    entryPoints: [join(source, entry)],
    bundle: true,
    write: false,
    format: 'iife',
    target: ['chrome122', 'firefox131', 'safari17.4'],
    minifyWhitespace: true,
    minifySyntax: true,
    // The program's own bundle is ASCII, and the hash in the page's policy is of these bytes.
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'warning',
  })
  const text = outputFiles[0]?.text.trim() ?? ''
  if (text.includes('</'))
    throw new Error(`${entry} contains "</", which would end its element in the page`)
  return text
}

function compact(markup: string): string {
  return markup.replaceAll(/\n\s*/g, '\n')
}
