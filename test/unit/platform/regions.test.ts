import { describe, expect, test } from 'vitest'
import { regionPattern } from '../../../src/product/patterns.ts'
import { endpointRegion } from '../../../src/platform/endpoint-region.ts'
import { isRegionName, regionWarning } from '../../../src/platform/regions.ts'

describe('the region of an endpoint', () => {
  test.each([
    ['https://metering.marketplace.us-east-1.amazonaws.com', 'us-east-1'],
    ['https://METERING.marketplace.us-east-1.amazonaws.com./x', 'us-east-1'],
    ['https://metering.marketplace.cn-northwest-1.amazonaws.com.cn', 'cn-northwest-1'],
    ['https://metering-marketplace.eu-west-3.api.aws', 'eu-west-3'],
    ['https://metering.marketplace-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['https://vpce-0a1-b2.metering-marketplace.eu-north-1.vpce.amazonaws.com', 'eu-north-1'],
    [
      'https://vpce-0a1-b2-eu-north-1a.metering-marketplace.eu-north-1.vpce.amazonaws.com',
      'eu-north-1',
    ],
  ])('of %s is %s', (endpoint, region) => {
    expect(endpointRegion(endpoint)).toBe(region)
  })

  test.each([
    'http://127.0.0.1:4000',
    'https://metering.marketplace.us-east-1.amazonaws.com.evil.example',
    'https://s3.us-east-1.amazonaws.com',
    'https://metering.marketplace.us-east-1.example',
    'not an address',
  ])('of %s is unknown', (endpoint) => {
    expect(endpointRegion(endpoint)).toBeUndefined()
  })
})

describe('a region', () => {
  test.each(['us-east-1', 'us-gov-east-1', 'us-iso-east-1', 'eusc-de-east-1', 'ap-southeast-4'])(
    'may be called %s, to the settings as to the platform',
    (name) => {
      expect(isRegionName(name)).toBe(true)
      expect(regionPattern.test(name)).toBe(true)
    },
  )

  test.each(['', 'us-east', 'us-east-1a', 'US-EAST-1', 'us-east-1\n', '1-2-3'])(
    'may not be called %j, to the settings as to the platform',
    (name) => {
      expect(isRegionName(name)).toBe(false)
      expect(regionPattern.test(name)).toBe(false)
    },
  )

  test.each([
    ['ecs', 'us-east-1', 'nothing'],
    ['eks', 'us-east-1', 'nothing'],
    ['ecs', 'af-south-1', 'nothing'],
    ['eks', 'af-south-1', 'EKS pods'],
    ['ecs', 'us-gov-west-1', 'GovCloud'],
    ['ecs', 'cn-northwest-1', 'China'],
    ['ecs', 'xx-new-1', 'AWS decides'],
  ] as const)('on %s called %s warns of %s', (platform, region, words) => {
    const warning = regionWarning(platform, region)
    expect(warning ?? 'nothing').toContain(words)
  })
})
