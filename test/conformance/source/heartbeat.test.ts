import { heartbeatSource } from '../../../src/sources/heartbeat/heartbeat-source.ts'
import { eventually } from '../../support/eventually.ts'
import { describeSource } from './source-conformance.ts'
import type { RunningSource } from './running-source.ts'

/** The next beat, which is the only usage that there is. */
async function beat(running: RunningSource) {
  const before = running.said.length
  await running.clock.advance(30_000)
  if (running.isStopped) return { acknowledged: false, code: undefined }
  await eventually(() => running.said.length > before)
  return { acknowledged: running.said.at(-1) === 'ok', code: undefined }
}

describeSource({
  source: heartbeatSource,
  from: (dimension) => ({
    aggregate: 'max',
    from: {
      prometheus: undefined,
      otlp: undefined,
      heartbeat: { value: dimension === 'requests' ? 3_000_000n : 7n },
    },
  }),
  start: () => ({ send: beat }),
  codes: {
    LedgerFull: undefined,
    LedgerBusy: undefined,
    LedgerFailed: undefined,
    ShuttingDown: undefined,
    defect: undefined,
  },
  complaint: 'failed',
  quantities: [
    { dimension: 'requests', sent: '3', micro: 3_000_000n },
    { dimension: 'storage', sent: '0.000007', micro: 7n },
  ],
  addsUp: false,
})
