import { localUrl } from '../config/local-url.ts'
import type { SettingName } from '../config/settings/settings-table.ts'
import { fail, succeed, type Result } from '../kernel/result.ts'
import type { ListenerAnswer, ListenerFailure } from './ask-listener.ts'
import type { Findings } from './check.ts'
import type { Diagnosis } from './diagnosis.ts'

type ListenerSetting = Extract<SettingName, 'SIDECAR_LISTEN' | 'SIDECAR_OPS_LISTEN'>

interface ConfiguredListener extends ListenerAnswer {
  readonly url: string
}

/** Why there is no answer, and what that means. */
interface NoAnswer {
  readonly meaning: 'not-asked' | 'free' | 'unreachable'
  readonly message: string
}

/** Calls the listener at the address of a setting. */
export async function askConfiguredListener(
  diagnosis: Diagnosis,
  setting: ListenerSetting,
  ask: (url: string) => Promise<Result<ListenerAnswer, ListenerFailure>>,
): Promise<Result<ConfiguredListener, NoAnswer>> {
  const [wrong] = diagnosis.wrong(setting)
  const listen = diagnosis.values.get(setting)
  if (wrong !== undefined || listen.port === 0) {
    const why = wrong === undefined ? 'the system chooses the port' : `${wrong} is wrong`
    return fail({ meaning: 'not-asked', message: `Not checked: ${why}.` })
  }
  const url = localUrl(listen)
  const answer = await ask(url)
  return answer.ok
    ? succeed({ ...answer.value, url })
    : fail(describeFailure(answer.failure, url, diagnosis.timeoutMs))
}

/** The problems of a port that no sidecar uses. */
export const notRunning = {
  NotRunning: {
    status: 'warn',
    when: 'No sidecar runs; the port is free for one.',
    fix: 'Start the sidecar, or ignore this where it has not been started yet.',
  },
  Down: {
    status: 'fail',
    when: 'No sidecar runs, and --expect-running was given.',
    fix: 'Start the sidecar. If it has ended, its last log lines and its exit code say why.',
  },
} as const

/** Reports a listener that did not answer. */
export function reportNoAnswer(
  { meaning, message }: NoAnswer,
  { machine }: Diagnosis,
  findings: Findings<'Unreachable' | keyof typeof notRunning>,
): void {
  switch (meaning) {
    case 'not-asked':
      return findings.skip(message)
    case 'free':
      return findings.problem(machine.expectRunning === true ? 'Down' : 'NotRunning', message)
    case 'unreachable':
      return findings.problem('Unreachable', message)
  }
}

/** Says why a listener did not answer, and what that means. */
export function describeFailure(
  failure: ListenerFailure,
  url: string,
  timeoutMs: number,
): NoAnswer {
  switch (failure.kind) {
    case 'free':
      return { meaning: 'free', message: `No sidecar runs, and ${url} is free for one.` }
    case 'silent':
      return { meaning: 'unreachable', message: `${url} did not answer in ${timeoutMs} ms.` }
    case 'unreachable':
      return { meaning: 'unreachable', message: `${url} cannot be reached (${failure.code}).` }
  }
}
