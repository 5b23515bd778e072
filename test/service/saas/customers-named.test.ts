import { afterEach, expect, test } from 'vitest'
import { ledgerJson, runLedger } from '../../support/ledger/ledger-command-io.ts'
import { closeSaas, nine, optionsOf, product, register, send, startSaas } from './saas-world.ts'

afterEach(closeSaas)

/** Two customers, of whom one reports more than an hour may have, and the licence of the other ends. */
async function startWithHeldAndBilled() {
  const dimensions = [{ name: 'requests', maxPerHour: 10 }, 'storage']
  const running = await startSaas(optionsOf({ ...product, dimensions }))
  await register('acme', 'token-of-acme')
  await register('globex', 'token-of-globex')
  await running.post({ dimension: 'requests', quantity: 5, customer: 'acme' })
  await running.post({ dimension: 'requests', quantity: 11, customer: 'globex' })
  for (const key of ['acme', 'globex']) await send('POST', `/v1/customers/${key}/end`)
  // AWS has the record before its answer is in the ledger.
  await running.until(async () => {
    const { settled } = (await running.get('/v1/usage')).body
    return (settled as object[]).length === 1
  })
  return running
}

test('records and held usage are listed with their customers', async () => {
  const running = await startWithHeldAndBilled()
  const usage = (await running.get('/v1/usage')).body
  const [held] = usage['held'] as object[]
  const [record] = usage['settled'] as object[]
  expect(held).toMatchObject({ customer: 'globex', quantity: 11 })
  expect(record).toMatchObject({ customer: 'acme', quantity: 5 })
  expect((await running.get('/v1/customers/acme')).body['settled']).toEqual([record])
  expect((await running.get('/v1/customers/globex')).body['held']).toEqual([held])

  const csv = await fetch(`http://127.0.0.1:${running.sidecar.appPort}/v1/records.csv`)
  expect(await csv.text()).toMatch(/,productCode,customer\r\n2026-03-10T09:.*,acme\r\n$/)
})

test('ledger show has a column for customers, and its lines still fit', async () => {
  const running = await startWithHeldAndBilled()
  await running.post({ dimension: 'storage', quantity: 2.5, customer: 'acme' })
  const { dataDir, clock } = running
  await running.sidecar.stop()
  const shown = await ledgerJson(dataDir, clock, 'show')
  expect(shown).toMatchObject({ held: [{ id: 1, customer: 'globex', hour: nine }] })
  const { out } = await runLedger(dataDir, clock, ['show', '--tags'])
  expect(out.join('\n')).toMatch(/ dimension +customer +quantity .*\n.* requests +globex +11 /)
  expect(out.join('\n')).toMatch(/ requests +acme +5 +accepted +[-0-9a-f]{36}$/m)
  expect(Math.max(...out.map(({ length }) => length))).toBeLessThanOrEqual(100)
  const released = await runLedger(dataDir, clock, ['release', '1', '--yes'])
  expect(released.out.join(' ')).toMatch(/^Released: 11 requests of globex of 2026-03-10T09h /)
})
