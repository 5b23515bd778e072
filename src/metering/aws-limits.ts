import { hourMs } from './hour.ts'

/** The largest integer on AWS's wire, where integers are signed and have 32 bits. */
const largestInteger = 2_147_483_647

/**
 * The limits of the AWS Marketplace Metering Service, from its service model of 2016-01-14, its API
 * reference and the seller guide. Lengths are in characters.
 */
export const awsLimits = {
  productCodeLength: 255,
  /** For use between the brackets of a pattern. */
  productCodeCharacters: '-a-zA-Z0-9/=:_.@',
  publicKeyVersion: largestInteger,
  nonceLength: 255,
  dimensionNameLength: 255,
  /** Dimensions that one product may have. */
  containerDimensions: 24,
  saasDimensions: 200,
  /** Whole units of one record, and of one of its allocations. */
  quantity: largestInteger,
  /** The same as a decimal, in characters. */
  decimalLength: 17,
  /** Allocations of one record, and how many distinct tag keys they may use together. */
  allocations: 2500,
  distinctTagKeys: 5,
  tagsPerAllocation: 5,
  tagKeyLength: 100,
  tagValueLength: 256,
  /** As AWS documents them. Its model has the hyphen as a range and so accepts more. */
  tagCharacters: 'a-zA-Z0-9+ -=._:/@',
  clientTokenLength: 64,
  /** The length of either name of a SaaS customer, identifier or account. */
  customerIdLength: 255,
  agreementIdLength: 64,
  recordsPerBatch: 25,
  requestBytes: 1_048_576,
  /** How old a record of MeterUsage may be, and one of BatchMeterUsage. */
  meterUsageWindowMs: 6 * hourMs,
  batchMeterUsageWindowMs: 24 * hourMs,
} as const
