import type { MeteringApi, MeteringResult } from './metering-api.ts'

/** Sees the result of each call, and returns it or another in its place. */
type Intercept = <T>(result: MeteringResult<T>) => MeteringResult<T>

/** The same API, whose results go through `intercept`. */
export function interceptResults(api: MeteringApi, intercept: Intercept): MeteringApi {
  const after = async <T>(call: Promise<MeteringResult<T>>) => intercept(await call)
  return {
    registerUsage: (request) => after(api.registerUsage(request)),
    meterUsage: (request) => after(api.meterUsage(request)),
    batchMeterUsage: (request) => after(api.batchMeterUsage(request)),
    dryRun: (request) => after(api.dryRun(request)),
    forward: (operation, body) => after(api.forward(operation, body)),
    close: () => api.close(),
  }
}
