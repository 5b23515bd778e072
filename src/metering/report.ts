import type { TagSet } from './tags.ts'

export interface UsageReport {
  readonly dimension: string
  readonly quantity: bigint
  /** Undefined means: now. */
  readonly occurredAt: number | undefined
  readonly tags: TagSet
  readonly idempotencyKey: string | undefined
}

/** What one request reports: all of it is recorded, or nothing. */
export interface UsageRequest {
  readonly reports: readonly UsageReport[]
  /** Covers the whole request. */
  readonly idempotencyKey: string | undefined
}

export interface ReportReceipt {
  readonly result: 'accepted' | 'duplicate'
  /** The hour that took the usage. */
  readonly hour: number
  /** The usage's own hour was sealed already, so a later one took it. */
  readonly late: boolean
}

/** Usage of one dimension and hour. */
export interface OpenHour {
  readonly dimension: string
  readonly hour: number
  readonly quantity: bigint
}
