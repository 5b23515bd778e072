import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'esbuild'

const replacement = fileURLToPath(new URL('utc-date-time-format.ts', import.meta.url))
const used = 'new Intl.DateTimeFormat('

/**
 * node-cron reads the parts of a time with `Intl.DateTimeFormat`, whose first use keeps 6 MB of calendars,
 * languages and time zones in memory. The sidecar schedules in UTC, for which a few lines are enough.
 */
export const cronInUtc: Plugin = {
  name: 'cron-in-utc',
  setup(bundling) {
    bundling.onLoad({ filter: /\/node-cron\/dist\/_shared\.js$/ }, async ({ path }) => {
      const code = await readFile(path, 'utf8')
      if (!code.includes(used)) throw new Error(`${path} no longer has ${used}`)
      const withImport = `import { UtcDateTimeFormat } from ${JSON.stringify(replacement)}\n${code}`
      return { contents: withImport.replaceAll(used, 'new UtcDateTimeFormat(') }
    })
  },
}
