import type { MeteringResult, MeteringApi } from './metering-api.ts'

/**
 * The same door, whose failures name what is known to be wrong with the credentials in use. `warning`
 * is a sentence, or undefined when nothing is known.
 */
export function adviseOnCredentials(api: MeteringApi, warning: string | undefined): MeteringApi {
  if (warning === undefined) return api
  const advised = async <T>(call: Promise<MeteringResult<T>>): Promise<MeteringResult<T>> => {
    const answer = await call
    if (answer.ok) return answer
    const { kind, code, advice } = answer.failure
    const concerned = kind === 'credentials' || code === 'PlatformNotSupportedException'
    return concerned
      ? { ok: false, failure: { ...answer.failure, advice: `${warning} ${advice}` } }
      : answer
  }
  return {
    registerUsage: (request) => advised(api.registerUsage(request)),
    meterUsage: (request) => advised(api.meterUsage(request)),
    dryRun: (request) => advised(api.dryRun(request)),
    forward: (operation, input) => advised(api.forward(operation, input)),
    close: () => api.close(),
  }
}
