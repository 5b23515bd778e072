import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { mostHolding } from '../../../src/http/routes/entitlement-route.ts'
import { listen } from '../../../src/http/listener/server.ts'
import { createSystemClock } from '../../../src/kernel/clock.ts'
import { eventually } from '../../support/eventually.ts'
import { createIdleAppServer, entitled } from '../../support/sidecar/http-servers.ts'

/** A listener whose requests with ?wait= wait until their signal fires. */
function startWaiting() {
  const signals: AbortSignal[] = []
  const app = createIdleAppServer({
    entitlement: {
      snapshot: () => entitled,
      onChange: () => () => {},
      wait: (_ms, signal) =>
        new Promise((resolve) => {
          if (signal === undefined) return
          signals.push(signal)
          signal.addEventListener('abort', () => resolve(entitled), { once: true })
        }),
    },
  })
  return { app, signals }
}

test.each(['destroy', 'end', 'resetAndDestroy'] as const)(
  'a request that waits ends when its client goes (%s)',
  async (leave) => {
    const { app, signals } = startWaiting()
    const address = {
      host: '127.0.0.1',
      port: 0,
      option: '--port',
      maxConnections: 9,
      keptForLoopback: 0,
      bodyLimitBytes: 1024,
    }
    const listening = await listen(app, address, createSystemClock())
    const client = connect(listening.port, '127.0.0.1')
    client.write('GET /v1/entitlement?wait=300 HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await eventually(() => signals.length === 1)
    expect(signals[0]?.aborted).toBe(false)
    client[leave]()
    await eventually(() => signals[0]?.aborted === true)
    await listening.close()
  },
)

test('when many requests wait, a further one gets the answer of the moment', async () => {
  const { app, signals } = startWaiting()
  const waiting = Array.from({ length: mostHolding }, () =>
    app.inject('/v1/entitlement?wait=300').catch(() => {}),
  )
  await eventually(() => signals.length === mostHolding)
  expect((await app.inject('/v1/entitlement?wait=300')).statusCode).toBe(200)
  expect(signals.length).toBe(mostHolding)
  expect(waiting.length).toBe(mostHolding)
})
