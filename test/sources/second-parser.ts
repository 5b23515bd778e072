import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { pythonProgram } from '../../scripts/tools/source-tools.ts'
import { sortedEntries, type RandomPage } from './random-page.ts'

/** Name, labels and value of a sample, in a form that two parsers share. */
export type PlainSample = readonly [string, Readonly<Record<string, string>>, number]

interface Answer {
  readonly samples?: readonly [string, Readonly<Record<string, string>>, string][]
  readonly error?: string
}

/** What the parser of Python's prometheus_client makes of each page: samples, or undefined for a refusal. */
export async function parseWithPython(
  pages: readonly RandomPage[],
): Promise<(readonly PlainSample[] | undefined)[]> {
  const [command, program] = await pythonProgram('parse_pages.py')
  const python = spawn(command, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  python.stdin.end(pages.map((page) => `${JSON.stringify(page)}\n`).join(''))
  const answers: (readonly PlainSample[] | undefined)[] = []
  for await (const line of createInterface({ input: python.stdout })) {
    const { samples } = JSON.parse(line) as Answer
    answers.push(samples?.map(([name, labels, value]) => [name, labels, numberOf(value)]))
  }
  return answers
}

/** The number that a page writes. */
export function numberOf(text: string): number {
  if (/^[+-]?inf/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return /^nan$/i.test(text) ? NaN : Number(text)
}

/** The same for the same samples, in whatever order they and their labels are. */
export function inOrder(samples: readonly PlainSample[]): string[] {
  return samples
    .map(([name, labels, value]) => JSON.stringify([name, sortedEntries(labels), String(value)]))
    .toSorted()
}
