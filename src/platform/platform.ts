export type PlatformName = 'ecs' | 'eks' | 'agentcore' | 'local'

/** Where a region was read, the most trustworthy first. */
export const regionSources = [
  'ecs-task-arn',
  'eks-token-issuer',
  'ec2-metadata',
  'endpoint',
  'SIDECAR_REGION',
  'AWS_REGION',
] as const
export type RegionSource = (typeof regionSources)[number]

export interface RegionReading {
  readonly source: RegionSource
  readonly region: string
}

/** Which task or pod this is, and the region in which it really runs. */
export interface Platform {
  readonly name: PlatformName
  /**
   * Identifies the task or pod for as long as it lives: the task ARN, `pod:<uid>`, or `host:<name>`.
   * AWS meters by it, and the ledger belongs to it.
   */
  readonly resource: string
  /**
   * Whether ECS or Kubernetes has not said which task or pod this is, so that `resource` is only the name
   * of the host. AWS knows it by another name, so no ledger may open under this one.
   */
  readonly isGuess: boolean
  /** The most trustworthy reading; undefined when no source names a region. */
  readonly region: RegionReading | undefined
  /** Every reading, the most trustworthy first. */
  readonly readings: readonly RegionReading[]
  /** A sentence for each reading that disagrees with the first; empty when all agree. */
  readonly mismatches: readonly string[]
  /** What an operator should know although the sidecar continues, a sentence each. */
  readonly warnings: readonly string[]
  /** A sentence, when AWS is known to refuse the kind of credentials that will be used here. */
  readonly credentialWarning: string | undefined
}
