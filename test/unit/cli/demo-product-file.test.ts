import { expect, test } from 'vitest'
import type { DemoEmulator } from '../../../src/cli/demo/demo-emulator.ts'
import { demoProductFile } from '../../../src/cli/demo/demo-product-file.ts'
import { demoSettings } from '../../../src/cli/demo/demo-settings.ts'

const emulator: DemoEmulator = {
  url: 'http://127.0.0.1:7071',
  now: 0,
  rate: 1,
  publicKeyPem: '',
  sell: () => Promise.resolve({ publicKeyPem: '', customers: [] }),
  postEventsTo: () => Promise.resolve(),
  close: () => Promise.resolve(),
}

test('a mistake in the product file of a demo is reported with the path of that file', async () => {
  const options = { route: 'both', port: 7070, opsPort: 9464 } as const
  const text = JSON.stringify({ productCode: 'code', rout: 'metered', dimensions: ['requests'] })
  const reader = { readText: () => text }
  const file = await demoProductFile(
    { ...options, product: '/shop/product.json', source: undefined },
    emulator,
    reader,
  )
  expect(() => demoSettings(emulator, options, '/ledger', {}, file)).toThrow(
    /^- \/shop\/product\.json: "rout": there is no such member; did you mean route\?/m,
  )
})
