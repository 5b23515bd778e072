import { askListener } from '../ask-listener.ts'
import { defineCheck } from '../check.ts'
import { askConfiguredListener } from '../ask-configured-listener.ts'

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
  async run(diagnosis, findings) {
    const ask = (url: string) => askListener(diagnosis, `${url}/livez`)
    const live = await askConfiguredListener(diagnosis, 'SIDECAR_OPS_LISTEN', ask, findings)
    if (live === undefined) return
    const { url } = live
    const metrics = await askListener(diagnosis, `${url}/metrics`)
    const isSidecar = metrics.kind === 'answer' && /^marketplace_info\b/m.test(metrics.text)
    if (!isSidecar) findings.problem('Taken', `${url} answers, but not as a sidecar does.`)
    else if (live.status !== 200) findings.problem('NotAlive', `/livez says: ${live.text.trim()}`)
    else findings.pass(`A sidecar is alive on ${url} and gives its metrics.`)
  },
})
