import type { RegionReading, RegionSource } from './platform.ts'

const labels: Readonly<Record<RegionSource, string>> = {
  'ecs-task-arn': 'the ECS task ARN',
  'eks-token-issuer': "the issuer of the pod's token",
  'ec2-metadata': 'the EC2 metadata service',
  endpoint: 'the host of SIDECAR_AWS_ENDPOINT',
  SIDECAR_REGION: 'SIDECAR_REGION',
  AWS_REGION: 'AWS_REGION',
}

const remedies: Readonly<Record<RegionSource, string>> = {
  'ecs-task-arn': 'start the task again',
  'eks-token-issuer': 'start the pod again',
  'ec2-metadata': 'correct the more trusted source',
  endpoint: 'point SIDECAR_AWS_ENDPOINT at the endpoint of that region, or remove it',
  SIDECAR_REGION: 'remove SIDECAR_REGION, or set it to that region',
  AWS_REGION: 'remove AWS_REGION from the container, or set it to that region',
}

/** AWS refuses records that come through another region's endpoint, so no reading may differ. */
export function describeMismatches(readings: readonly RegionReading[]): string[] {
  const [winner, ...others] = readings
  if (winner === undefined) return []
  return others
    .filter((other) => other.region !== winner.region)
    .map(
      (other) =>
        `According to ${labels[winner.source]} this runs in ${winner.region}, but ${labels[other.source]} says ${other.region}; ${remedies[other.source]}.`,
    )
}
