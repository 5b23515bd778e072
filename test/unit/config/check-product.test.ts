import { expect, test } from 'vitest'
import { readSettings } from '../../../src/config/load-settings.ts'

const product = JSON.stringify({
  productCode: 'code-1',
  route: 'metered',
  dimensions: [{ name: 'requests', scope: 'cluster' }],
})
const read = (env: Readonly<Record<string, string>>) =>
  readSettings(
    { SIDECAR_PRODUCT_FILE: '/product.json', ...env },
    {
      readText: (path) => (path === '/product.json' ? product : undefined),
    },
  )

test('a record of the whole cluster needs a ledger that all share', () => {
  const alone = read({})
  expect(alone.ok ? [] : alone.failure).toEqual([
    expect.stringContaining('SIDECAR_DATABASE_URL_FILE: the dimension requests has one record'),
  ])
  const shared = read({ SIDECAR_DATABASE_URL: 'postgres://localhost/book' })
  expect(shared.ok && shared.value.product.dimensions).toMatchObject([{ scope: 'cluster' }])
})
