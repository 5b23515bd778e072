import { describe, expect, test } from 'vitest'
import { isRegionName } from '../../../src/kernel/text/region-name.ts'
import { regionWarning } from '../../../src/platform/regions.ts'

describe('a region', () => {
  test.each(['us-east-1', 'us-gov-east-1', 'us-iso-east-1', 'eusc-de-east-1', 'ap-southeast-4'])(
    'may be called %s',
    (name) => {
      expect(isRegionName(name)).toBe(true)
    },
  )

  test.each(['', 'us-east', 'us-east-1a', 'US-EAST-1', 'us-east-1\n', '1-2-3'])(
    'may not be called %j',
    (name) => {
      expect(isRegionName(name)).toBe(false)
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
