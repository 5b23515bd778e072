import { describe, expect, test } from 'vitest'
import {
  endpointFormOf,
  isAwsEndpoint,
  meteringEndpoint,
  regionOfEndpoint,
} from '../../../src/aws/endpoints.ts'
import { describeMismatches } from '../../../src/platform/region-mismatches.ts'

/** A region of each partition: its hosts plain, with FIPS, dual-stack, with both, and of a VPC endpoint. */
const partitions = [
  [
    'us-east-1',
    'metering.marketplace.us-east-1.amazonaws.com',
    'metering.marketplace-fips.us-east-1.amazonaws.com',
    'metering-marketplace.us-east-1.api.aws',
    'metering.marketplace-fips.us-east-1.api.aws',
    'vpce-0a1-b2.metering-marketplace.us-east-1.vpce.amazonaws.com',
  ],
  [
    'us-gov-west-1',
    'metering.marketplace.us-gov-west-1.amazonaws.com',
    'metering.marketplace-fips.us-gov-west-1.amazonaws.com',
    'metering-marketplace.us-gov-west-1.api.aws',
    'metering.marketplace-fips.us-gov-west-1.api.aws',
    'vpce-0a1-b2-us-gov-west-1a.metering-marketplace.us-gov-west-1.vpce.amazonaws.com',
  ],
  [
    'cn-northwest-1',
    'metering.marketplace.cn-northwest-1.amazonaws.com.cn',
    'metering.marketplace-fips.cn-northwest-1.amazonaws.com.cn',
    'metering-marketplace.cn-northwest-1.api.amazonwebservices.com.cn',
    'metering.marketplace-fips.cn-northwest-1.api.amazonwebservices.com.cn',
    'vpce-0a1-b2.metering-marketplace.cn-northwest-1.vpce.amazonaws.com.cn',
  ],
  [
    'eusc-de-east-1',
    'metering-marketplace.eusc-de-east-1.amazonaws.eu',
    'metering.marketplace-fips.eusc-de-east-1.amazonaws.eu',
    'metering.marketplace.eusc-de-east-1.api.amazonwebservices.eu',
    'metering.marketplace-fips.eusc-de-east-1.api.amazonwebservices.eu',
    'vpce-0a1-b2.metering-marketplace.eusc-de-east-1.vpce.amazonaws.eu',
  ],
  [
    'us-iso-east-1',
    'metering.marketplace.us-iso-east-1.c2s.ic.gov',
    'metering.marketplace-fips.us-iso-east-1.c2s.ic.gov',
    'metering.marketplace.us-iso-east-1.api.aws.ic.gov',
    'metering.marketplace-fips.us-iso-east-1.api.aws.ic.gov',
    'vpce-0a1-b2.metering-marketplace.us-iso-east-1.vpce.c2s.ic.gov',
  ],
  [
    'us-isob-east-1',
    'metering.marketplace.us-isob-east-1.sc2s.sgov.gov',
    'metering.marketplace-fips.us-isob-east-1.sc2s.sgov.gov',
    'metering.marketplace.us-isob-east-1.api.aws.scloud',
    'metering.marketplace-fips.us-isob-east-1.api.aws.scloud',
    'vpce-0a1-b2.metering-marketplace.us-isob-east-1.vpce.sc2s.sgov.gov',
  ],
  [
    'eu-isoe-west-1',
    'metering.marketplace.eu-isoe-west-1.cloud.adc-e.uk',
    'metering.marketplace-fips.eu-isoe-west-1.cloud.adc-e.uk',
    'metering.marketplace.eu-isoe-west-1.api.cloud-aws.adc-e.uk',
    'metering.marketplace-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk',
    'vpce-0a1-b2.metering-marketplace.eu-isoe-west-1.vpce.cloud.adc-e.uk',
  ],
  [
    'us-isof-south-1',
    'metering.marketplace.us-isof-south-1.csp.hci.ic.gov',
    'metering.marketplace-fips.us-isof-south-1.csp.hci.ic.gov',
    'metering.marketplace.us-isof-south-1.api.aws.hci.ic.gov',
    'metering.marketplace-fips.us-isof-south-1.api.aws.hci.ic.gov',
    'vpce-0a1-b2.metering-marketplace.us-isof-south-1.vpce.csp.hci.ic.gov',
  ],
] as const

const forms = [
  { fips: false, dualStack: false },
  { fips: true, dualStack: false },
  { fips: false, dualStack: true },
  { fips: true, dualStack: true },
] as const

describe('the partition of %s', () => {
  const hosts = partitions.flatMap(([region, ...names]) => names.map((host) => ({ region, host })))

  test.each(partitions)('has the four hosts of the SDK: %s', (region, ...names) => {
    const found = forms.map((form) => meteringEndpoint(region, form).href)
    expect(found).toEqual(names.slice(0, 4).map((host) => `https://${host}/`))
  })

  test.each(hosts)('$host is AWS in $region, to the region check too', ({ region, host }) => {
    expect(regionOfEndpoint(`https://${host}`)).toBe(region)
    expect(regionOfEndpoint(`https://${host.toUpperCase()}./x`)).toBe(region)
    expect(isAwsEndpoint(`https://${host}`)).toBe(true)
    expect(isAwsEndpoint(`http://${host}`)).toBe(false)
    const reading = {
      source: 'endpoint',
      region: regionOfEndpoint(`https://${host}`) ?? '',
    } as const
    expect(describeMismatches([{ source: 'ecs-task-arn', region }, reading])).toEqual([])
    expect(describeMismatches([{ source: 'ecs-task-arn', region: 'eu-west-9' }, reading])).toEqual([
      expect.stringContaining(region),
    ])
  })
})

test.each([
  'http://127.0.0.1:4000',
  'https://metering.marketplace.us-east-1.amazonaws.com.evil.example',
  'https://evil.example/metering.marketplace.us-east-1.amazonaws.com',
  'https://metering.marketplace.us-east-1.amazonaws.com.cn',
  'https://metering.marketplace.cn-north-1.amazonaws.com',
  'https://x.metering.marketplace.us-east-1.amazonaws.com',
  'https://metering.marketplace.nowhere.amazonaws.com',
  'https://evil.metering-marketplace.us-east-1.vpce.amazonaws.com',
  'https://vpce-1.vpce-svc-2.us-east-1.vpce.amazonaws.com',
  'https://vpce-1.x.metering-marketplace.us-east-1.vpce.amazonaws.com',
  'https://s3.us-east-1.amazonaws.com',
  'https://metering.marketplace.us-east-1.example',
  'not an address',
])('%s is not AWS', (endpoint) => {
  expect(regionOfEndpoint(endpoint)).toBeUndefined()
  expect(isAwsEndpoint(endpoint)).toBe(false)
})

test.each([
  [{}, false, false],
  [{ AWS_USE_FIPS_ENDPOINT: 'true' }, true, false],
  [{ AWS_USE_DUALSTACK_ENDPOINT: ' True' }, false, true],
  [{ AWS_USE_FIPS_ENDPOINT: 'false', AWS_USE_DUALSTACK_ENDPOINT: '' }, false, false],
])('the environment %j asks for FIPS %j and dual-stack %j', (env, fips, dualStack) => {
  expect(endpointFormOf(env)).toEqual({ fips, dualStack })
})
