import { defineCheck } from '../check.ts'
import { askConfiguredListener, notRunning, reportNoAnswer } from '../ask-configured-listener.ts'
import { askEntitlement, membersOf, parseEntitlement } from '../running-sidecar.ts'

export const appListenerCheck = defineCheck({
  id: 'app-listener',
  title:
    'The port of `SIDECAR_LISTEN`: a sidecar answers `GET /v1/entitlement` there, or the port is free.',
  needs: [],
  problems: {
    NotEntitled: {
      status: 'warn',
      when: 'A sidecar runs and says that the application may not run.',
      fix: 'Wait while the state is starting. For every other code, docs/explain/entitlement.md says who has to change what.',
    },
    OtherToken: {
      status: 'fail',
      when: 'A sidecar runs and expects a bearer token other than the one in SIDECAR_API_TOKEN_FILE now.',
      fix: 'Restart the task or pod: the sidecar reads the file only when it starts.',
    },
    Taken: {
      status: 'fail',
      when: 'Another program uses the port, or answers there instead of the sidecar.',
      fix: 'Stop that program, or choose another port with SIDECAR_LISTEN.',
    },
    ...notRunning,
    Unreachable: {
      status: 'fail',
      when: 'The address does not answer at all.',
      fix: 'Set SIDECAR_LISTEN to 127.0.0.1 and a port, and check whether the sidecar hangs.',
    },
  },
  async run(diagnosis, findings) {
    const ask = (url: string) => askEntitlement(diagnosis, url)
    const answer = await askConfiguredListener(diagnosis, 'SIDECAR_LISTEN', ask)
    if (!answer.ok) {
      reportNoAnswer(answer.failure, diagnosis, findings)
      return
    }
    const { url, status, text } = answer.value
    const entitlement = parseEntitlement(text)
    const { type, code: problem, detail } = membersOf(text)
    if (entitlement?.entitled === true)
      findings.pass(`A sidecar answers on ${url}, and its state is ${entitlement.state}.`)
    else if (entitlement !== undefined) {
      const { state, code, message } = entitlement
      findings.problem('NotEntitled', `The sidecar says ${state}: ${code}: ${message}`)
    } else if (problem === 'Unauthorized')
      findings.problem('OtherToken', `The sidecar on ${url} does not accept the token.`)
    else if (String(type).startsWith('urn:marketplace-sidecar:'))
      findings.skip(`The sidecar on ${url} did not answer: ${String(problem)}: ${String(detail)}`)
    else findings.problem('Taken', `${url} answered ${status}, not as a sidecar does.`)
  },
})
