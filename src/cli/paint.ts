import type { CliIo } from './cli-io.ts'

const codes = { red: 31, green: 32, yellow: 33, dim: 2 } as const

/** Colours text for a terminal. NO_COLOR, as no-color.org defines it, turns that off. */
export function paint(io: CliIo, colour: keyof typeof codes, text: string): string {
  const { NO_COLOR: off = '' } = io.env
  return io.isTerminal === true && off === '' ? `\u001B[${codes[colour]}m${text}\u001B[0m` : text
}
