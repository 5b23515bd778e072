import { expect, test } from 'vitest'
import { demoAddresses, startProgram } from '../support/program/program.ts'

test('the metrics for CloudWatch are whole lines of standard output, whatever the log level', async () => {
  const demo = startProgram(
    ['demo', '--hour', '4s', '--port', '0', '--ops-port', '0', '--emulator-port', '0'],
    { SIDECAR_EMBEDDED_METRICS: 'true', SIDECAR_LOG_LEVEL: 'silent' },
  )
  await demoAddresses(demo)
  const [line = ''] = await demo.printed(/^\{.*"Entitled":1.*\}$/m)
  expect(JSON.parse(line)).toMatchObject({
    event: 'metrics.embedded',
    _aws: { CloudWatchMetrics: [{ Namespace: 'MarketplaceSidecar' }] },
    RefusedRecords: 0,
  })
  demo.signal('SIGTERM')
  const { code, out } = await demo.ended
  expect(code).toBe(0)
  const lines = out.split('\n').filter((text) => text.includes('_aws'))
  expect(lines.map((text) => Object.keys(JSON.parse(text) as object))).toEqual(
    lines.map(() => Object.keys(JSON.parse(line) as object)),
  )
})
