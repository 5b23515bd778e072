import type { Sample } from './page.ts'

interface RawSample extends Omit<Sample, 'labels'> {
  /** Between the braces, matched already by the form of the line. */
  readonly labels: string
}

const pair = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\[^])*)"[ \t]*,?/g

/** Reads the labels of a sample whose form was checked. */
export function readSample(
  { name, labels, value, type }: RawSample,
  refuse: (reason: string) => never,
): Sample {
  const read = new Map<string, string>()
  for (const [, label = '', text = ''] of labels.matchAll(pair)) {
    if (read.has(label)) refuse(`${name} has the label ${label} twice`)
    read.set(label, text.includes('\\') ? unescape(text) : text)
  }
  return { name, labels: read, value, type }
}

/** A backslash before any other character than these stands for itself. */
function unescape(text: string): string {
  return text.replace(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
}
