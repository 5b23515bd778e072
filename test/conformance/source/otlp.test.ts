import { otlpSource } from '../../../src/sources/otlp/otlp-source.ts'
import { otlpJson } from '../../support/otlp/otlp-request.ts'
import { describeSource, type Application, type SentUsage } from './source-conformance.ts'
import type { RunningSource } from './running-source.ts'

const labels = ['team', 'account']

/** A process whose counters are sent as sums; a request is the same to the byte when it is sent again. */
function startProcess(temporality: 1 | 2): Application {
  const requests = new Map<string, string>()
  const totals = new Map<string, number>()
  let startedAt: number | undefined
  return {
    async send({ port, clock }: RunningSource, usage: SentUsage) {
      startedAt ??= clock.now()
      const body =
        requests.get(usage.id) ?? nextRequest(usage, startedAt, startedAt + requests.size)
      requests.set(usage.id, body)
      const response = await fetch(`http://127.0.0.1:${port}/v1/metrics`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      const { message = '', partialSuccess } = (await response.json()) as {
        readonly message?: string
        readonly partialSuccess?: object
      }
      const isAcknowledged = response.ok && partialSuccess === undefined
      return {
        acknowledged: isAcknowledged,
        code: isAcknowledged ? undefined : message.slice(0, message.indexOf(':')),
      }
    },
  }

  function nextRequest(
    { dimension, quantity, tags = {} }: SentUsage,
    start: number,
    before: number,
  ): string {
    const stream = JSON.stringify([dimension, labels.map((label) => tags[label])])
    const total = (totals.get(stream) ?? 0) + Number(quantity)
    totals.set(stream, total)
    const point =
      temporality === 1
        ? { value: Number(quantity), start: before, at: before + 1 }
        : { value: total, start, at: before + 1 }
    const points = [{ ...point, attributes: tags }]
    return JSON.stringify(
      otlpJson([{ metrics: [{ name: `app.${dimension}`, temporality, points }] }]),
    )
  }
}

for (const [name, temporality] of [
  ['otlp, delta sums', 1],
  ['otlp, cumulative sums', 2],
] as const)
  describeSource({
    name,
    source: otlpSource,
    from: (dimension) => ({
      from: {
        prometheus: undefined,
        heartbeat: undefined,
        otlp: {
          metric: `app.${dimension}`,
          match: undefined,
          tags: new Map(labels.map((label) => [label, label])),
          firstValue: 'count',
        },
      },
    }),
    start: () => startProcess(temporality),
    codes: {
      LedgerFull: 'LedgerFull',
      LedgerBusy: 'LedgerBusy',
      LedgerFailed: 'LedgerFailed',
      ShuttingDown: 'ShuttingDown',
      defect: 'InternalError',
    },
    // A request has many points, and the dimension of none is to blame.
    complaint: 'refused undefined',
    // An application may send all metrics that it has.
    unknownDimension: { acknowledged: true, code: undefined },
    quantities: [
      { dimension: 'requests', sent: '0', micro: 0n },
      { dimension: 'requests', sent: '0.000001', micro: 1n },
      { dimension: 'requests', sent: '2.5', micro: 2_500_000n },
      { dimension: 'requests', sent: '2147483647', micro: 2_147_483_647_000_000n },
      { dimension: 'storage', sent: '3', micro: 3_000_000n },
    ],
    addsUp: true,
  })
