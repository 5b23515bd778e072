export const dryRunForms = ['ok', 'error'] as const

/** The settings that a test can change while the emulator runs. */
export interface EmulatorSettings {
  /** Whether the buyer has the product. */
  entitled: boolean
  /** Whether RegisterUsage is called from ECS, EKS or Fargate. */
  platformSupported: boolean
  /** How a permitted DryRun is answered: 200, or the error DryRunOperation. AWS documents neither. */
  dryRunForm: (typeof dryRunForms)[number]
  /** The PublicKeyRotationTimestamp of RegisterUsage, ms. */
  publicKeyRotationAt: number | undefined
  /** Where every task and pod runs. Undefined: each runs where its first call was signed for. */
  region: string | undefined
  /** For each of the next records of BatchMeterUsage, over several calls: `u` comes back unprocessed, `-` does not. */
  unprocessed: string | undefined
  /** Where events of AWS are posted to; nowhere when undefined. */
  eventsUrl: string | undefined
  /** The bearer token that they are posted with. */
  eventsToken: string | undefined
  /** AWS's quotas for an account and region, calls a second; 0 for none. */
  registerUsagePerSecond: number
  meterUsagePerSecond: number
  batchMeterUsagePerSecond: number
}

/** The settings of an emulator at its start, where nothing else is given. */
export function defaultSettings(region: string | undefined): EmulatorSettings {
  return {
    entitled: true,
    platformSupported: true,
    dryRunForm: 'ok',
    publicKeyRotationAt: undefined,
    region,
    unprocessed: undefined,
    eventsUrl: undefined,
    eventsToken: undefined,
    registerUsagePerSecond: 0,
    meterUsagePerSecond: 0,
    batchMeterUsagePerSecond: 0,
  }
}
