import { localUrl } from '../config/local-url.ts'
import { askListener } from './ask-listener.ts'
import { defineCheck } from './check.ts'

export const opsListenerCheck = defineCheck({
  id: 'ops-listener',
  title:
    'The port of `SIDECAR_OPS_LISTEN`: a sidecar answers `/livez` and `/metrics` there, or nobody does.',
  needs: [],
  problems: {
    NotAlive: {
      status: 'fail',
      when: 'A sidecar runs and says that it cannot do its work.',
      fix: 'Look at its log; a restart recovers what was acknowledged.',
    },
    Taken: {
      status: 'fail',
      when: 'Another program has the port.',
      fix: 'Stop that program, or choose another port with SIDECAR_OPS_LISTEN.',
    },
    Unreachable: {
      status: 'fail',
      when: 'The address does not answer at all.',
      fix: 'Set SIDECAR_OPS_LISTEN to an address of this machine, such as 0.0.0.0, and a port; look whether the sidecar hangs.',
    },
  },
  async run(examination, findings) {
    const [wrong] = examination.wrong('SIDECAR_OPS_LISTEN')
    const listen = examination.values.get('SIDECAR_OPS_LISTEN')
    if (wrong !== undefined || listen.port === 0) {
      findings.skip(
        `Not looked at: ${wrong === undefined ? 'the system chooses the port' : `${wrong} is wrong`}.`,
      )
      return
    }
    const url = localUrl(listen)
    const live = await askListener(examination, `${url}/livez`)
    if (live.kind === 'free') findings.pass(`No sidecar runs, and ${url} is free for one.`)
    else if (live.kind === 'silent')
      findings.problem('Unreachable', `${url} did not answer in ${examination.timeoutMs} ms.`)
    else if (live.kind === 'unreachable')
      findings.problem('Unreachable', `${url} cannot be reached (${live.code}).`)
    else {
      const metrics = await askListener(examination, `${url}/metrics`)
      const isSidecar = metrics.kind === 'answer' && /^marketplace_info\b/m.test(metrics.text)
      if (!isSidecar) findings.problem('Taken', `${url} answers, but not as a sidecar does.`)
      else if (live.status !== 200) findings.problem('NotAlive', `/livez says: ${live.text.trim()}`)
      else findings.pass(`A sidecar is alive on ${url} and gives its metrics.`)
    }
  },
})
