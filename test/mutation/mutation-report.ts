import { acceptedSurvivors } from './survivors.ts'

/** As much of Stryker's report as is read here. */
export interface StrykerReport {
  readonly files: Readonly<
    Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>
  >
}

interface Mutant {
  readonly mutatorName: string
  readonly replacement?: string
  readonly status: string
  readonly location: { readonly start: { readonly line: number } }
}

const dead = ['Killed', 'Timeout']
const alive = ['Survived', 'NoCoverage']

/** Sums up which mutants died, and lists those that did not, with the reason where one is known. */
export function reportOf({ files }: StrykerReport): {
  readonly lines: readonly string[]
  readonly percent: number
} {
  const all = Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.map((mutant) => ({
      file,
      ...mutant,
      text: (source.split('\n')[mutant.location.start.line - 1] ?? '').trim(),
    })),
  )
  const died = all.filter(({ status }) => dead.includes(status)).length
  const survivors = all.filter(({ status }) => alive.includes(status))
  const reasonOf = ({ file, text, mutatorName }: (typeof survivors)[number]) =>
    acceptedSurvivors.find(
      (each) =>
        each.file === file && text.includes(each.line) && each.mutators.includes(mutatorName),
    )?.reason
  const unexplained = survivors.filter((survivor) => reasonOf(survivor) === undefined)
  const total = died + survivors.length
  const percent = total === 0 ? 100 : (100 * died) / total
  return {
    percent,
    lines: [
      ...survivors.map((survivor) => {
        const { file, location, mutatorName, replacement = '', text } = survivor
        const change = `${text}  ->  ${replacement.replaceAll(/\s+/g, ' ').slice(0, 80)}`
        const reason = reasonOf(survivor)
        const why = reason === undefined ? '' : `\n    known: ${reason}`
        return `survived: ${file}:${location.start.line} ${mutatorName}: ${change}${why}`
      }),
      `${died} of ${total} mutants died (${percent.toFixed(1)} %); ${unexplained.length} survivors have no reason`,
    ],
  }
}
