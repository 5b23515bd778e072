import { expect, test } from 'vitest'
import { readSettings } from '../../../src/config/load-settings.ts'

const product = JSON.stringify({
  productCode: 'code-1',
  route: 'metered',
  dimensions: [{ name: 'requests', scope: 'cluster' }],
})
const read = (env: Readonly<Record<string, string>>, file = product) =>
  readSettings(
    { SIDECAR_PRODUCT_FILE: '/product.json', ...env },
    {
      readText: (path) => (path === '/product.json' ? file : undefined),
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

test('a dimension from a metrics page needs the address of the page', () => {
  const from = { prometheus: { metric: 'requests_total' } }
  const ofPage = JSON.stringify({
    productCode: 'code-1',
    route: 'metered',
    dimensions: [{ name: 'requests', from }],
  })
  const without = read({}, ofPage)
  expect(without.ok ? [] : without.failure).toEqual([
    expect.stringContaining(
      'SIDECAR_SCRAPE_URL: it is missing, and the product file takes requests',
    ),
  ])
  const wrong = read({ SIDECAR_SCRAPE_URL: 'page' }, ofPage)
  expect(wrong.ok ? [] : wrong.failure).toEqual([expect.stringContaining('"page" is not allowed')])
  expect(read({ SIDECAR_SCRAPE_URL: 'http://127.0.0.1:8080/metrics' }, ofPage).ok).toBe(true)
})
