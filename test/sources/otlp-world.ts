import { createSystemClock } from '../../src/kernel/clock.ts'
import { startLossyProxy, type LossyProxy } from '../clients/lossy-proxy.ts'
import { startEmulator } from '../service/emulator/harness.ts'
import { productFileWith } from '../support/sidecar/product-file.ts'
import { startHarness, type SidecarHarness } from '../support/sidecar/sidecar-harness.ts'

const product = productFileWith([
  { name: 'requests', from: { otlp: { metric: 'app.requests', match: { kind: 'paid' } } } },
  { name: 'hosts', aggregate: 'max', from: { otlp: { metric: 'app.hosts' } } },
  { name: 'storage', from: { otlp: { metric: 'app.seconds' } } },
])

/** A sidecar in real time behind a proxy that can lose an answer. */
export interface OtlpWorld {
  readonly proxy: LossyProxy
  /** Paid requests in the book and at AWS. */
  requests(): Promise<number>
  /** The most hosts of this hour. */
  hosts(): Promise<number | undefined>
  /** What the sources gave that could not be counted. */
  refusals(): readonly string[]
  /** Ends the sidecar and starts it again with the same book. */
  restart(): Promise<void>
  close(): Promise<void>
}

export async function startOtlpWorld(): Promise<OtlpWorld> {
  const clock = createSystemClock()
  const aws = await startEmulator({ clock })
  const start = (dataDir?: string): Promise<SidecarHarness> =>
    startHarness({
      aws,
      clock,
      ...(dataDir !== undefined && { dataDir }),
      files: product.files,
      settings: { ...product.settings, SIDECAR_FLUSH_ON_SHUTDOWN: 'false' },
    })
  let sidecar = await start()
  const refused: string[] = []
  const keepRefusals = () =>
    refused.push(...sidecar.emitted('sourceRead').flatMap(({ reason }) => reason ?? []))
  const urlOf = () => `http://127.0.0.1:${sidecar.sidecar.appPort}`
  const proxy = await startLossyProxy(urlOf())
  const usage = async () => (await sidecar.get('/v1/usage')).body
  return {
    proxy,
    async requests() {
      const open = rowsOf((await usage())['open'])
      const records = await sidecar.records()
      return [...open, ...records]
        .filter(({ dimension }) => dimension === 'requests')
        .reduce((sum, { quantity }) => sum + quantity, 0)
    },
    async hosts() {
      const readings = rowsOf((await usage())['readings'])
      return readings.find(({ dimension }) => dimension === 'hosts')?.quantity
    },
    refusals() {
      keepRefusals()
      return refused
    },
    async restart() {
      keepRefusals()
      const { dataDir } = sidecar
      await sidecar.sidecar.stop()
      sidecar = await start(dataDir)
      proxy.target = urlOf()
    },
    async close() {
      proxy.close()
      await sidecar.close()
    },
  }
}

function rowsOf(rows: unknown) {
  return rows as readonly { readonly dimension: string; readonly quantity: number }[]
}
