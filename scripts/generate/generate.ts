/** Writes every generated file: `npm run generate`. With `--check`, fails when one of them is stale. */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { format } from 'prettier'
import { productSchema } from '../../src/product/product-schema.ts'
import { settingsInMarkdown } from './configuration.ts'
import { importTable } from './contributing.ts'

interface Generated {
  /** From the root of the repository. */
  readonly path: string
  /** The whole text that the file must have, given the one that it has. */
  readonly render: (current: string) => string | Promise<string>
}

/** Every file that is made from others, wholly or between two marks. */
export const generated: readonly Generated[] = [
  { path: 'CONTRIBUTING.md', render: (page) => between(page, 'import rules', importTable()) },
  {
    path: 'docs/configuration.md',
    render: (page) => between(page, 'settings', settingsInMarkdown()),
  },
  {
    path: 'docs/product.schema.json',
    render: () =>
      format(JSON.stringify(productSchema, null, 2), { parser: 'json', printWidth: 100 }),
  },
]

/** Replaces what stands between `<!-- name -->` and the next `<!-- end -->`. */
export function between(page: string, name: string, text: string): string {
  const begin = `<!-- ${name} -->\n`
  const start = page.indexOf(begin)
  const end = page.indexOf('<!-- end -->', start)
  if (start < 0 || end < 0) throw new Error(`the page has no marks for ${name}`)
  return `${page.slice(0, start)}${begin}${text}\n${page.slice(end)}`
}

/** The paths whose text is not what `render` makes of it. */
export async function stale(): Promise<string[]> {
  const texts = await Promise.all(generated.map(compare))
  return texts.filter(({ before, after }) => before !== after).map(({ path }) => path)
}

async function compare({ path, render }: Generated) {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url))
  const before = await readFile(file, 'utf8')
  return { path, file, before, after: await render(before) }
}

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const paths = await stale()
    if (paths.length > 0) {
      console.error(`Stale: ${paths.join(', ')}. Run: npm run generate`)
      process.exitCode = 1
    }
  } else
    for (const each of generated) {
      const { file, before, after } = await compare(each)
      if (before !== after) await writeFile(file, after)
    }
}
