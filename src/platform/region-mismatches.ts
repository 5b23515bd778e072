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
  'ecs-task-arn': 'Restart the task',
  'eks-token-issuer': 'Restart the pod',
  'ec2-metadata': 'Correct the more trusted source',
  endpoint: 'Point SIDECAR_AWS_ENDPOINT at the endpoint of that region, or remove it',
  SIDECAR_REGION: 'Remove SIDECAR_REGION, or set it to that region',
  AWS_REGION: 'Remove AWS_REGION from the container, or set it to that region',
}

/** Describes every reading that differs: AWS refuses records sent to another region's endpoint. */
export function describeMismatches(readings: readonly RegionReading[]): string[] {
  const [winner, ...others] = readings
  if (winner === undefined) return []
  return others
    .filter((other) => other.region !== winner.region)
    .map(
      (other) =>
        `According to ${labels[winner.source]} this runs in ${winner.region}, but ${labels[other.source]} says ${other.region}. ${remedies[other.source]}.`,
    )
}
