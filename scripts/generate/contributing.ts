import { importRules, vendorPlaces } from './import-rules.ts'
import { codes } from './marks.ts'

/** Renders the table "Who may import whom" of CONTRIBUTING.md. */
export function importTable(): string {
  const rows = Object.entries(importRules).map(([folder, allowed]) => {
    const vendors = Object.entries(vendorPlaces)
      .filter(([, places]) => places.some((place) => place.split('/')[0] === folder))
      .map(([vendor]) => vendor)
    return `| \`${folder}\` | ${codes(allowed, ' ')} | ${codes(vendors, ' ')} |`
  })
  return ['| in `src` | may import | vendors |', '|---|---|---|', ...rows].join('\n')
}
