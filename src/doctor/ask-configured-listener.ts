import type { SettingName } from '../config/settings-table.ts'
import { localUrl } from '../config/local-url.ts'
import type { ListenerAnswer } from './ask-listener.ts'
import type { Findings } from './check.ts'
import type { Diagnosis } from './diagnosis.ts'

type ListenerSetting = Extract<SettingName, 'SIDECAR_LISTEN' | 'SIDECAR_OPS_LISTEN'>

/**
 * Asks the listener of a setting. Whatever keeps it from answering is told in `findings`, and then the
 * result is undefined.
 */
export async function askConfiguredListener(
  diagnosis: Diagnosis,
  setting: ListenerSetting,
  ask: (url: string) => Promise<ListenerAnswer>,
  findings: Findings<'Unreachable'>,
): Promise<(Extract<ListenerAnswer, { kind: 'answer' }> & { readonly url: string }) | undefined> {
  const [wrong] = diagnosis.wrong(setting)
  const listen = diagnosis.values.get(setting)
  if (wrong !== undefined || listen.port === 0) {
    const why = wrong === undefined ? 'the system chooses the port' : `${wrong} is wrong`
    findings.skip(`Not looked at: ${why}.`)
    return undefined
  }
  const url = localUrl(listen)
  const answer = await ask(url)
  switch (answer.kind) {
    case 'answer':
      return { ...answer, url }
    case 'free':
      findings.pass(`No sidecar runs, and ${url} is free for one.`)
      return undefined
    case 'silent':
      findings.problem('Unreachable', `${url} did not answer in ${diagnosis.timeoutMs} ms.`)
      return undefined
    case 'unreachable':
      findings.problem('Unreachable', `${url} cannot be reached (${answer.code}).`)
      return undefined
  }
}
