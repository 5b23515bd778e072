import { expect, inject, onTestFinished, test } from 'vitest'
import { loadSettings } from '../../src/config/load-settings.ts'
import { runLedger } from '../support/ledger/ledger-command-io.ts'
import { createRecordedLog } from '../support/recorded-log.ts'
import { startHarness } from '../support/sidecar/sidecar-harness.ts'
import { CuttingProxy } from './support/cutting-proxy.ts'
import { newDatabase } from './support/new-database.ts'

const server = inject('postgres')
const secret = 'n0t-t0-be-sh0wn'

/** The URL of a database with a password, which the server of these tests does not ask for. */
function withPassword(url: string): URL {
  const own = new URL(url)
  own.password = secret
  return own
}

test('the password of the database is in no answer, log line or metric, whether it is there or not', async () => {
  const proxy = await CuttingProxy.start(server.port)
  const url = withPassword(await newDatabase(server))
  url.port = `${proxy.port}`
  const { log, lines } = createRecordedLog()
  const sidecar = await startHarness({ settings: { SIDECAR_DATABASE_URL: url.href }, log })
  onTestFinished(async () => {
    await sidecar.close()
    await proxy.close()
  })
  await sidecar.entitled()
  const seen: string[] = []
  const look = async () => {
    const { appPort, opsPort } = sidecar.sidecar
    for (const path of ['/', '/v1/usage', '/v1/entitlement', '/openapi.json'])
      seen.push(await (await fetch(`http://127.0.0.1:${appPort}${path}`)).text())
    for (const path of ['/metrics', '/readyz', '/livez'])
      seen.push(await (await fetch(`http://127.0.0.1:${opsPort}${path}`)).text())
    seen.push(JSON.stringify((await sidecar.post({ dimension: 'requests', quantity: 1 })).body))
  }
  await look()
  proxy.goAway()
  await look()
  await sidecar.clock.advance(3_600_000)
  proxy.comeBack()
  await look()
  expect(seen.join('\n')).not.toContain(secret)
  expect(seen.join('\n')).toContain('DatabaseUnavailable')
  expect(JSON.stringify(lines)).not.toContain(secret)
})

test('the password of the database is in no output of the ledger commands', async () => {
  const url = withPassword(await newDatabase(server))
  const nowhere = new URL(url)
  nowhere.pathname = '/no_such_database'
  const clock = { now: () => Date.now() }
  const outputs: string[] = []
  for (const { href } of [url, nowhere])
    for (const args of [['show'], ['audit'], ['migrate'], ['import'], ['backup', 'file']]) {
      const env = { SIDECAR_DATABASE_URL: href, SIDECAR_DATA_DIR: '/no/such/directory' }
      const outcome = await runLedger(undefined, clock as never, args, env).catch(
        (error: unknown) => [String(error), (error as Error).stack],
      )
      outputs.push(JSON.stringify(outcome))
    }
  expect(outputs.join('\n')).toContain('no_such_database')
  expect(outputs.join('\n')).not.toContain(secret)
})

test.each(['postgres://me:n0t-t0-be-sh0wn@', 'mysql://me:n0t-t0-be-sh0wn@host/db', secret])(
  'a URL that is wrong is not repeated: %s',
  (url) => {
    const env = {
      SIDECAR_ROUTE: 'metered',
      SIDECAR_PRODUCT_CODE: 'code',
      SIDECAR_DIMENSIONS: 'requests',
      SIDECAR_DATABASE_URL: url,
    }
    let message = ''
    try {
      loadSettings(env, { readText: () => undefined })
    } catch (error) {
      message = String(error)
    }
    expect(message).toContain('SIDECAR_DATABASE_URL')
    expect(message).not.toContain(secret)
  },
)
