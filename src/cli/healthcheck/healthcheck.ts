import { helpOption, readArguments } from '../command-line.ts'
import { localUrl } from '../../config/local-url.ts'
import { SettingValues } from '../../config/settings/setting-values.ts'
import { ask } from '../../doctor/ask-listener.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { CliIo } from '../cli-io.ts'
import { exitCodes } from '../exit-codes.ts'

const healthcheckHelp = `Checks the health of the running sidecar, for images without curl.

usage: marketplace-sidecar healthcheck [--ready]

  --ready   ask /readyz (the buyer is entitled) instead of /livez (the sidecar is alive)

Calls the listener of SIDECAR_OPS_LISTEN. Exit code 0 for yes, 1 for no or no answer.`

const timeoutMs = 3000

/** The command `healthcheck`. Resolves with the exit code, 0 or 1. */
export async function healthcheck(args: readonly string[], io: CliIo): Promise<number> {
  const { values } = readArguments('healthcheck', args, {
    options: { ready: { type: 'boolean' }, help: helpOption },
  })
  if (values.help) {
    io.out(healthcheckHelp)
    return exitCodes.ok
  }
  const listener = new SettingValues(io.env, () => {}).get('SIDECAR_OPS_LISTEN')
  const url = `${localUrl(listener)}/${values.ready === true ? 'readyz' : 'livez'}`
  try {
    const { status, text } = await ask(url, {}, AbortSignal.timeout(timeoutMs))
    if (status === 200) return exitCodes.ok
    io.err(`${url} answered ${status}: ${text.trim()}`)
  } catch (error) {
    io.err(`${url} did not answer: ${messageOf(error)}`)
  }
  return exitCodes.failed
}
