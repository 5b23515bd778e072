import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { missingTools } from '../../scripts/tools/client-tools.ts'
import { sourceApps } from '../../scripts/tools/source-tools.ts'
import { startOtlpWorld, type OtlpWorld } from './otlp-world.ts'
import { startSourceApp, type SourceApp } from './source-app.ts'

const protocols = { JavaScript: ['http/protobuf', 'http/json'] } as const
const cases = await Promise.all(
  sourceApps.map(async (apps) => {
    const missing = (await missingTools(apps)).join(', ')
    const forms = apps.language === 'JavaScript' ? protocols.JavaScript : ['http/protobuf' as const]
    return forms.flatMap((protocol) =>
      (['cumulative', 'delta'] as const).map((temporality) => ({
        ...apps,
        missing,
        protocol,
        temporality,
      })),
    )
  }),
)

let world: OtlpWorld
let running: SourceApp | undefined
beforeEach(async () => {
  world = await startOtlpWorld()
})
afterEach(async () => {
  running?.kill()
  running = undefined
  await world.close()
})

describe.each(cases.flat())(
  'the OpenTelemetry SDK for $language, with $temporality sums over $protocol',
  ({ otlp, missing, protocol, temporality }) => {
    const env = () => ({
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${world.proxy.url}/v1/metrics`,
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality,
      OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: 'gzip',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_SERVICE_NAME: 'shop',
    })
    const start = async () => {
      running = startSourceApp(await otlp(), env())
      return running
    }

    test.skipIf(missing !== '')('counts each unit once', async () => {
      const app = await start()
      const add = async (paid: number) => {
        await app.perform({ add: paid, kind: 'paid' })
        await app.perform({ add: 7, kind: 'free' })
        await app.perform({ flush: true })
      }
      await add(3)
      expect(await world.requests()).toBe(3)
      world.proxy.loseNextAnswer()
      await add(4)
      await add(1)
      expect(await world.requests()).toBe(8)
      await world.restart()
      await add(2)
      expect(await world.requests()).toBe(10)
      // What was not flushed yet is sent at the end.
      await app.perform({ add: 5, kind: 'paid' })
      await app.end()
      expect(await world.requests()).toBe(15)
      const next = await start()
      await next.perform({ add: 20, kind: 'paid' })
      await next.end()
      expect(await world.requests()).toBe(35)
      expect(world.refusals()).toEqual([])
    })

    test.skipIf(missing !== '')('brings the most hosts of an hour, and no histogram', async () => {
      const app = await start()
      for (const change of [5, -3]) {
        await app.perform({ hosts: change })
        await app.perform({ flush: true })
      }
      expect(await world.hosts()).toBe(5)
      await app.perform({ seconds: 3 })
      await app.end()
      expect(world.refusals()).toEqual([expect.stringContaining('app.seconds is a')])
    })
  },
)
