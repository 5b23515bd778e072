import { readdirSync, readFileSync } from 'node:fs'
import { Chance } from '../kill/chance.ts'

/** What money depends on. */
export const mutatedFolders = [
  'src/metering',
  'src/ledger',
  'src/store/sqlite',
  'src/channels',
] as const

/** Lines of a file that are mutated together, as Stryker's option `mutate` names them. */
type LineRange = `${string}:${number}-${number}`

const rangeLines = 25

/** Draws `count` ranges of lines from the files of `folders`; the same ones for the same seed. All of them when there are fewer. */
export function drawRanges(folders: readonly string[], count: number, seed: number): LineRange[] {
  const chance = new Chance(seed)
  const left = folders.flatMap(rangesOf)
  const drawn: LineRange[] = []
  while (drawn.length < count && left.length > 0) {
    const [range] = left.splice(chance.integer(0, left.length - 1), 1)
    if (range !== undefined) drawn.push(range)
  }
  return drawn.toSorted()
}

function rangesOf(folder: string): LineRange[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return files
    .filter((name) => name.endsWith('.ts'))
    .toSorted()
    .flatMap((name) => {
      const file = `${folder}/${name}`
      const lines = readFileSync(file, 'utf8').split('\n').length
      return Array.from(
        { length: Math.ceil(lines / rangeLines) },
        (_, index): LineRange =>
          `${file}:${index * rangeLines + 1}-${Math.min(lines, (index + 1) * rangeLines)}`,
      )
    })
}
