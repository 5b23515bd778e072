import type { MeteringApi } from '../../../src/aws/metering-api.ts'

/** AWS's side with these operations alone; any other call rejects. */
export function apiOf(operations: Partial<MeteringApi>): MeteringApi {
  const notHere = () => Promise.reject(new Error('not here'))
  return {
    registerUsage: notHere,
    meterUsage: notHere,
    batchMeterUsage: notHere,
    dryRun: notHere,
    forward: notHere,
    close: () => {},
    ...operations,
  }
}
