import { describe, expect, test } from 'vitest'
import { pricingInWords, routeNames, routeOf, routesThat } from '../../../src/product/routes.ts'

describe('the table of routes', () => {
  test.each(routeNames)('has for %s everything that its proofs and its channel use', (route) => {
    const { needs, proofs, channel, recordsProve } = routeOf(route)
    expect(proofs).not.toEqual([])
    expect(needs.includes('publicKeys')).toBe(proofs.includes('register-usage'))
    expect(needs.includes('dimensions')).toBe(channel !== undefined)
    // A record says nothing of what AWS has to sign.
    expect(recordsProve && proofs.includes('register-usage')).toBe(false)
  })

  test('lists routes for sentences', () => {
    expect(routesThat(({ channel }) => channel === undefined)).toBe('hourly')
    expect(routesThat(({ needs }) => needs.includes('dimensions'))).toBe('metered, both and saas')
    expect(routesThat(() => true, 'or')).toBe('hourly, metered, both or saas')
    expect(pricingInWords()).toBe(
      'by task or pod (hourly), by usage (metered), in both ways (both) or by the usage of SaaS customers (saas)',
    )
  })
})
