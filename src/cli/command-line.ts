import { parseArgs, type ParseArgsConfig } from 'node:util'
import { messageOf, SidecarError } from '../kernel/errors.ts'
import { nearestName } from '../kernel/schema/nearest-name.ts'
import { asSentence } from '../kernel/text/as-sentence.ts'

/** The option that every command has. */
export const helpOption = { type: 'boolean', short: 'h', default: false } as const

/**
 * Reads the arguments of a command. Throws InvalidArguments for an option that the command does not have,
 * with the one that was probably meant, for an empty value, and for one that `ledger` gets twice with different values.
 */
export function readArguments<const Config extends Omit<ParseArgsConfig, 'args'>>(
  command: string,
  args: readonly string[],
  config: Config,
): ReturnType<typeof parseArgs<Config & { args: string[] }>> {
  try {
    refuseOddValues(command, args, config)
    return parseArgs({ ...config, args: [...args] })
  } catch (error) {
    if (error instanceof SidecarError) throw error
    throw refusal(command, error, Object.keys(config.options ?? {}))
  }
}

/** Of no tags at all, which is not the same as any tags. */
const mayBeEmpty = 'tags'

/**
 * An empty value is mostly that of a shell's variable that is not set. Of two values `parseArgs` takes the last, which
 * lets a container's arguments follow those of its image; a decision about the ledger would be another one than was
 * meant.
 */
function refuseOddValues(
  command: string,
  args: readonly string[],
  config: Omit<ParseArgsConfig, 'args'>,
): void {
  const { tokens } = parseArgs({ ...config, args: [...args], tokens: true })
  const values = new Map<string, string>()
  for (const token of tokens) {
    if (token.kind !== 'option' || token.value === undefined) continue
    const { name, value } = token
    if (value === '' && name !== mayBeEmpty)
      throw invalidArguments(`--${name} is empty. Give it a value, or leave it out.`, command)
    if (command === 'ledger' && (values.get(name) ?? value) !== value)
      throw invalidArguments(`--${name} is given twice. Give it once.`, command)
    values.set(name, value)
  }
}

/** Returns the error for a name that is none of `known`; `what` is a noun such as `command`. */
export function unknownName(
  what: string,
  name: string,
  known: readonly string[],
  help: string,
): SidecarError {
  const nearest = nearestName(name, known)
  const meant = nearest === undefined ? '' : ` Did you mean ${nearest}?`
  return invalidArguments(`There is no ${what} ${JSON.stringify(name)}.${meant}`, help)
}

/** Returns an error about arguments, with the command that explains them on its own line. */
export function invalidArguments(message: string, help: string): SidecarError {
  return new SidecarError(
    'InvalidArguments',
    `${message} For help, run:\n${['marketplace-sidecar', ...(help === '' ? [] : [help]), '--help'].join(' ')}`,
  )
}

function refusal(command: string, error: unknown, known: readonly string[]): Error {
  if (!(error instanceof Error && 'code' in error)) return new TypeError(messageOf(error))
  if (error.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const [, option = ''] = /'(-[^']*)'/.exec(error.message) ?? []
    const options = known.map((name) => `--${name}`)
    return unknownName('option', option, options, command)
  }
  const [words = ''] = error.message.split('\n')
  return invalidArguments(asSentence(words), command)
}
