import type { OperationName } from './operations.ts'

export interface Tag {
  readonly Key: string
  readonly Value: string
}

export interface UsageAllocation {
  readonly AllocatedUsageQuantity: number
  readonly Tags?: readonly Tag[]
}

export interface RegisterUsageInput {
  readonly ProductCode: string
  readonly PublicKeyVersion: number
  readonly Nonce?: string
}

/** Timestamps are epoch seconds, possibly with a fraction, as on the wire. */
export interface MeterUsageInput {
  readonly ProductCode: string
  readonly Timestamp: number
  readonly UsageDimension: string
  readonly UsageQuantity?: number
  readonly DryRun?: boolean
  readonly UsageAllocations?: readonly UsageAllocation[]
  readonly ClientToken?: string
}

export interface UsageRecord {
  readonly Timestamp: number
  readonly Dimension: string
  readonly Quantity?: number
  readonly UsageAllocations?: readonly UsageAllocation[]
  readonly CustomerIdentifier?: string
  readonly CustomerAWSAccountId?: string
  readonly LicenseArn?: string
}

export interface BatchMeterUsageInput {
  readonly UsageRecords: readonly UsageRecord[]
  readonly ProductCode?: string
}

export interface ResolveCustomerInput {
  readonly RegistrationToken: string
}

interface Inputs {
  readonly RegisterUsage: RegisterUsageInput
  readonly MeterUsage: MeterUsageInput
  readonly BatchMeterUsage: BatchMeterUsageInput
  readonly ResolveCustomer: ResolveCustomerInput
}

/** The input of an operation after `validateInput` has passed it. */
export type InputOf<O extends OperationName> = Inputs[O]
