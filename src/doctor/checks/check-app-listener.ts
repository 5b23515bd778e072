import { defineCheck } from '../check.ts'
import { askConfiguredListener } from '../ask-configured-listener.ts'
import { askEntitlement, membersOf, parseEntitlement } from '../running-sidecar.ts'

export const appListenerCheck = defineCheck({
  id: 'app-listener',
  title:
    'The port of `SIDECAR_LISTEN`: a sidecar answers `GET /v1/entitlement` there, or nobody does.',
  needs: [],
  problems: {
    NotEntitled: {
      status: 'warn',
      when: 'A sidecar runs, and its application may not.',
      fix: 'Do what the message says; docs/entitlement.md has every answer.',
    },
    OtherToken: {
      status: 'fail',
      when: 'A sidecar runs and wants another bearer token than SIDECAR_API_TOKEN_FILE has now.',
      fix: 'Start the task or pod again: the sidecar reads the file once, at its start.',
    },
    Taken: {
      status: 'fail',
      when: 'Another program has the port, or answers on it in the place of the sidecar.',
      fix: 'Stop that program, or choose another port with SIDECAR_LISTEN.',
    },
    Unreachable: {
      status: 'fail',
      when: 'The address does not answer at all.',
      fix: 'Set SIDECAR_LISTEN to 127.0.0.1 and a port; look whether the sidecar hangs.',
    },
  },
  async run(diagnosis, findings) {
    const ask = (url: string) => askEntitlement(diagnosis, url)
    const answer = await askConfiguredListener(diagnosis, 'SIDECAR_LISTEN', ask, findings)
    if (answer === undefined) return
    const { url } = answer
    const entitlement = parseEntitlement(answer.text)
    const { type, code: problem, detail } = membersOf(answer.text)
    if (entitlement?.entitled === true)
      findings.pass(`A sidecar answers on ${url}, and its state is ${entitlement.state}.`)
    else if (entitlement !== undefined) {
      const { state, code, message } = entitlement
      findings.problem('NotEntitled', `The sidecar says ${state}: ${code}: ${message}`)
    } else if (problem === 'Unauthorized')
      findings.problem('OtherToken', `The sidecar on ${url} does not take the token.`)
    else if (String(type).startsWith('urn:marketplace-sidecar:'))
      findings.skip(`The sidecar on ${url} did not say: ${String(problem)}: ${String(detail)}`)
    else findings.problem('Taken', `${url} answered ${answer.status}, not as a sidecar does.`)
  },
})
