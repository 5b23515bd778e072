import { fail } from '../kernel/result.ts'
import { interceptResults } from './intercept-results.ts'
import type { MeteringApi, MeteringFailure } from './metering-api.ts'

/** What is known about the task or pod before AWS is called. */
interface PlatformFindings {
  /** Why AWS must not be called from here: the regions disagree or are unknown. */
  readonly denial?: { readonly code: string; readonly message: string } | undefined
  /** What is wrong with the credentials in use, a sentence. */
  readonly credentialWarning?: string | undefined
}

/**
 * Returns the API to use on a platform. After a denial every call fails and `connect` is not called:
 * usage stays in the ledger as refused. After a credential warning each failure that the credentials
 * can explain starts its advice with the warning.
 */
export function meteringForPlatform(
  { denial, credentialWarning }: PlatformFindings,
  connect: () => MeteringApi,
): MeteringApi {
  if (denial !== undefined) return rejectEveryCall(denial)
  if (credentialWarning === undefined) return connect()
  return interceptResults(connect(), (result) =>
    result.ok || !mayBeCredentials(result.failure)
      ? result
      : fail({ ...result.failure, advice: `${credentialWarning} ${result.failure.advice}` }),
  )
}

function mayBeCredentials({ kind, code }: MeteringFailure): boolean {
  return kind === 'credentials' || code === 'PlatformNotSupportedException'
}

function rejectEveryCall({ code, message }: NonNullable<PlatformFindings['denial']>): MeteringApi {
  const failure: MeteringFailure = {
    code,
    message,
    kind: 'misconfigured',
    ambiguous: false,
    advice:
      'AWS was not called. Usage is kept, and sent after the cause is fixed and the sidecar restarted.',
  }
  const reject = () => Promise.resolve(fail(failure))
  return {
    registerUsage: reject,
    meterUsage: reject,
    batchMeterUsage: reject,
    dryRun: reject,
    forward: reject,
    close: () => {},
  }
}
