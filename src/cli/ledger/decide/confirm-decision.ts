import { createInterface } from 'node:readline/promises'
import {
  operatorActionTable,
  type OperatorAction,
} from '../../../metering/record/operator-table.ts'
import type { CliIo } from '../../cli-io.ts'
import { wrap } from '../../text-table.ts'
import { invalid } from '../ledger-arguments.ts'

/** The option of every action that cannot be undone. */
export const yesOption = { yes: { type: 'boolean', default: false } } as const

/**
 * Asks on a terminal whether to go on with what cannot be undone. Without a terminal it takes `--yes`.
 * Rejects with InvalidArguments when neither is given; resolves with false when the operator declines.
 */
export async function confirmDecision(
  action: OperatorAction,
  subject: string,
  yes: boolean,
  io: CliIo,
): Promise<boolean> {
  if (yes) return true
  const { question } = operatorActionTable[action]
  if (!('isTTY' in io.stdin && io.stdin.isTTY === true))
    throw invalid(
      `${subject}: ${question} This cannot be undone. Nothing was changed; add --yes to confirm without a terminal`,
    )
  for (const line of wrap(`${subject}: ${question} This cannot be undone.`, 0)) io.err(line)
  io.err('Do it? y/N')
  const agreed = /^(y|yes)$/i.test((await firstLineOf(io.stdin)).trim())
  if (!agreed) io.err('Nothing was changed.')
  return agreed
}

async function firstLineOf(stdin: NodeJS.ReadableStream): Promise<string> {
  const lines = createInterface({ input: stdin })
  try {
    for await (const line of lines) return line
    return ''
  } finally {
    lines.close()
  }
}
