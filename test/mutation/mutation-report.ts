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
  readonly location: { readonly start: Place; readonly end: Place }
}

interface Place {
  readonly line: number
  readonly column: number
}

const timedOut = 'Timeout'
const dead = ['Killed', timedOut]
const alive = ['Survived', 'NoCoverage']

/**
 * Sums up which mutants died in several draws, and lists those that did not, with the reason where one is known,
 * and those that only made a test take too long: a busy machine does the same.
 */
export function reportOf(draws: readonly StrykerReport[]): {
  readonly lines: readonly string[]
  readonly percent: number
} {
  const all = differentMutants(draws)
  const died = all.filter(({ status }) => dead.includes(status)).length
  const timeouts = all.filter(({ status }) => status === timedOut)
  const survivors = all.filter(({ status }) => alive.includes(status))
  const reasonOf = ({ file, text, mutatorName, replacement }: (typeof survivors)[number]) =>
    acceptedSurvivors.find(
      ({ line, mutators, to = replacement, ...each }) =>
        each.file === file &&
        text.includes(line) &&
        mutators.includes(mutatorName) &&
        to === replacement,
    )?.reason
  const unexplained = survivors.filter((survivor) => reasonOf(survivor) === undefined)
  const total = died + survivors.length
  const percent = total === 0 ? 100 : (100 * died) / total
  return {
    percent,
    lines: [
      ...timeouts.map((mutant) => `timed out: ${changeOf(mutant)}`),
      ...survivors.map((survivor) => {
        const reason = reasonOf(survivor)
        const why = reason === undefined ? '' : `\n    known: ${reason}`
        return `survived: ${changeOf(survivor)}${why}`
      }),
      `${died} of ${total} mutants died (${percent.toFixed(1)} %), ${timeouts.length} of them by a timeout; ${unexplained.length} survivors have no reason`,
    ],
  }
}

/** The mutants of all draws, each once: two draws can have a range in common. */
function differentMutants(draws: readonly StrykerReport[]) {
  const mutants = new Map<string, Mutant & { readonly file: string; readonly text: string }>()
  for (const [file, { source, mutants: ofFile }] of draws.flatMap(({ files }) =>
    Object.entries(files),
  ))
    for (const mutant of ofFile) {
      const { location, replacement } = mutant
      const text = (source.split('\n')[location.start.line - 1] ?? '').trim()
      mutants.set(JSON.stringify([file, location, replacement]), { file, ...mutant, text })
    }
  return [...mutants.values()]
}

function changeOf({
  file,
  location,
  mutatorName,
  replacement = '',
  text,
}: Mutant & { readonly file: string; readonly text: string }): string {
  const now = replacement.replaceAll(/\s+/g, ' ').slice(0, 80)
  return `${file}:${location.start.line} ${mutatorName}: ${text}  ->  ${now}`
}
