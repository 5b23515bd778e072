/**
 * Writes `src/http/routes/status-page-text.ts` out of `status-page/`: `node scripts/build/status-page.ts`. The page is
 * in the program as text, because the program is one file without others beside it.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { format, resolveConfig } from 'prettier'

const source = new URL('../../status-page/', import.meta.url)
const target = new URL('../../src/http/routes/status-page-text.ts', import.meta.url)

/** The whole text of the module, as Prettier would leave it. */
export async function statusPageModule(): Promise<string> {
  const page = await readFile(new URL('page.html', source), 'utf8')
  const [style, script] = await Promise.all([bundled('page.css'), bundled('main.ts')])
  const text = [
    '// Made by "npm run build:page" out of the folder status-page; change that.',
    '',
    ...Object.entries({
      statusPageMarkup: compact(page),
      statusPageStyle: style,
      statusPageScript: script,
    }).map(([name, value]) => `export const ${name} =\n  ${JSON.stringify(value)}`),
  ].join('\n')
  return format(text, { ...(await resolveConfig(fileURLToPath(target))), parser: 'typescript' })
}

/** Names stay as they are written, so that a browser's error can be read. */
async function bundled(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, source))],
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
  if (text.includes('</')) throw new Error(`${entry} holds what would end its element in the page`)
  return text
}

function compact(markup: string): string {
  return markup.replaceAll(/\n\s*/g, '\n')
}

if (import.meta.main) await writeFile(target, await statusPageModule())
