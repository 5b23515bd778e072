import { askListener } from '../ask-listener.ts'
import { defineCheck } from '../check.ts'
import {
  askConfiguredListener,
  describeFailure,
  notRunning,
  reportNoAnswer,
} from '../ask-configured-listener.ts'

export const opsListenerCheck = defineCheck({
  id: 'ops-listener',
  title:
    'The port of `SIDECAR_OPS_LISTEN`: a sidecar answers `/livez` and `/metrics` there, or the port is free.',
  needs: [],
  problems: {
    NotAlive: {
      status: 'fail',
      when: 'A sidecar runs and says that it cannot do its work.',
      fix: 'Read its log. A restart recovers what was acknowledged.',
    },
    NoLedger: {
      status: 'fail',
      when: 'A sidecar runs and cannot read its ledger, so it refuses reports: the database is away, the volume full, or the platform unknown.',
      fix: 'Do what the other checks say; its log line ledger.away or platform.unknown has the reason. It continues by itself.',
    },
    Taken: {
      status: 'fail',
      when: 'Another program uses the port.',
      fix: 'Stop that program, or choose another port with SIDECAR_OPS_LISTEN.',
    },
    ...notRunning,
    Unreachable: {
      status: 'fail',
      when: '`/livez` or `/metrics` does not answer in time.',
      fix: 'Set SIDECAR_OPS_LISTEN to an address of this machine, such as 0.0.0.0, and a port, and check whether the sidecar hangs.',
    },
  },
  async run(diagnosis, findings) {
    const ask = (url: string) => askListener(diagnosis, `${url}/livez`)
    const live = await askConfiguredListener(diagnosis, 'SIDECAR_OPS_LISTEN', ask)
    if (!live.ok) {
      reportNoAnswer(live.failure, diagnosis, findings)
      return
    }
    const { url, status, text } = live.value
    const metrics = await askListener(diagnosis, `${url}/metrics`)
    if (!metrics.ok) {
      const { message } = describeFailure(metrics.failure, `${url}/metrics`, diagnosis.timeoutMs)
      findings.problem('Unreachable', message)
      return
    }
    const page = metrics.value.text
    if (!/^marketplace_(info|ledger_readable)\b/m.test(page))
      findings.problem('Taken', `${url} answers, but not as a sidecar does.`)
    else if (status !== 200) findings.problem('NotAlive', `/livez says: ${text.trim()}`)
    else if (/^marketplace_ledger_readable 0$/m.test(page))
      findings.problem('NoLedger', `The sidecar on ${url} has no ledger at the moment.`)
    else findings.pass(`A sidecar is alive on ${url} and serves its metrics.`)
  },
})
