import type { MeteringApi, MeteringFailure } from './metering-api.ts'

/**
 * A door that nothing goes through: for a sidecar that must not call AWS, because the regions disagree.
 * Usage that it is asked to send stays in the ledger, refused, until somebody mends the cause.
 */
export function createClosedDoor(code: string, message: string): MeteringApi {
  const failure: MeteringFailure = {
    code,
    message,
    kind: 'misconfigured',
    ambiguous: false,
    advice:
      'AWS was not called. Usage is kept and sent when this is mended and the sidecar restarted.',
  }
  const refuse = () => Promise.resolve({ ok: false as const, failure })
  return {
    registerUsage: refuse,
    meterUsage: refuse,
    dryRun: refuse,
    forward: refuse,
    close: () => {},
  }
}
