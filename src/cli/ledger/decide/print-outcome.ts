import type { CliIo } from '../../cli-io.ts'
import { wrap } from '../../text-table.ts'

/** Prints the outcome of a decision: with `--json` the body on one line, else the sentence, wrapped. */
export function printOutcome(io: CliIo, json: boolean, body: object, sentence: string): void {
  if (json) io.out(JSON.stringify(body))
  else for (const line of wrap(sentence, 0)) io.out(line)
}
