import type { PlatformName } from './platform.ts'

// From AWS's lists as of 2026-11. They disagree with each other and grow, so they only cause warnings.
const eksRegions: readonly string[] = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'eu-west-1',
  'eu-central-1',
  'eu-west-2',
  'eu-west-3',
  'eu-north-1',
  'ap-east-1',
  'ap-southeast-1',
  'ap-northeast-1',
  'ap-southeast-2',
  'ap-northeast-2',
  'ap-south-1',
  'ca-central-1',
  'sa-east-1',
]
const ecsRegions: readonly string[] = [
  ...eksRegions,
  'af-south-1',
  'ap-northeast-3',
  'ap-south-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'eu-central-2',
  'eu-south-1',
  'eu-south-2',
  'il-central-1',
  'me-central-1',
  'me-south-1',
]

/** Returns a warning when AWS is not known to meter containers of this platform in the region. */
export function regionWarning(platform: PlatformName, region: string): string | undefined {
  if (region.startsWith('us-gov-')) {
    return `AWS Marketplace does not meter container products with custom dimensions in GovCloud (${region}); expect AWS to refuse.`
  }
  if (region.startsWith('cn-')) {
    return `AWS Marketplace does not meter container products in the China regions (${region}); expect AWS to refuse.`
  }
  const [list, what] = platform === 'eks' ? [eksRegions, 'EKS pods'] : [ecsRegions, 'ECS tasks']
  if (list.includes(region)) return undefined
  return `${region} is not among the regions where AWS is known to meter ${what}. AWS decides: if it answers with a region error, run the product in a supported region.`
}
