import {
  accessKeyId,
  startHarness,
  type SidecarHarness,
} from '../support/sidecar/sidecar-harness.ts'

const day = 86_400_000

/** Waits until Prometheus has scraped the present state. */
export type Watch = () => Promise<void>

/** Starts a sidecar for a product whose dimension `seats` AWS does not know. */
export function startBusySidecar(): Promise<SidecarHarness> {
  return startHarness({
    settings: { SIDECAR_DIMENSIONS: 'requests,storage,seats', SIDECAR_MAX_TAG_SETS: '1' },
    // Prometheus compares it with its own clock.
    prepare: (aws) =>
      aws.control('settings', {
        publicKeyRotationAt: new Date(Date.now() + 3 * day).toISOString(),
      }),
  })
}

/**
 * Plays four hours in which much goes wrong, each with its traffic: a record that may or may not be billed, one
 * that AWS refuses, throttling, and reports that are refused, late or have too many tags.
 */
export async function liveThroughHours(harness: SidecarHarness, watch: Watch): Promise<void> {
  await harness.entitled()
  await watch()

  await traffic(harness)
  await harness.aws.control('faults', { operation: 'MeterUsage', drop: 'before' })
  const Timestamp = new Date(harness.clock.now())
  await harness.endHour()
  await harness.attempts(1)
  await harness.aws.meter({ UsageQuantity: 999, Timestamp }, { accessKeyId })
  await harness.clock.advance(5000)
  await harness.until(async () => (await count(harness, 'unresolved')) === 1)
  await watch()

  await traffic(harness)
  await harness.post({ dimension: 'storage', quantity: 7 })
  await harness.post({ dimension: 'seats', quantity: 2 })
  const occurredAt = Timestamp.toISOString()
  await harness.post({ dimension: 'requests', quantity: 1, occurredAt })
  await harness.aws.control('faults', { operation: 'MeterUsage', error: 'ThrottlingException' })
  await harness.endHour()
  await harness.until(async () => {
    await harness.clock.advance(1000)
    return (await count(harness, 'accepted')) === 2 && (await count(harness, 'refused')) === 1
  })
  await watch()

  for (const accepted of [3, 4]) {
    await traffic(harness)
    await harness.endHour()
    await harness.until(async () => (await count(harness, 'accepted')) === accepted)
    await watch()
  }
  await traffic(harness)
  // Not while it is being tried again.
  await harness.until(async () => (await count(harness, 'refused')) === 1)
  await watch()
}

/** Sends reports that are accepted, repeated, refused and tagged in too many ways, and asks for a proof. */
async function traffic(harness: SidecarHarness): Promise<void> {
  const idempotencyKey = crypto.randomUUID()
  await harness.post({ dimension: 'requests', quantity: 3, idempotencyKey })
  await harness.post({ dimension: 'requests', quantity: 3, idempotencyKey })
  await harness.post({ dimension: 'requests', quantity: 1, tags: { team: 'a' } })
  await harness.post({ dimension: 'requests', quantity: 1, tags: { team: 'b' } })
  await harness.post({ dimension: 'requests', quantity: -1 })
  await harness.post({ dimension: 'made-up', quantity: 1 })
  await harness.get('/v1/entitlement')
  await harness.get(`/v1/entitlement/proof?nonce=${crypto.randomUUID()}`)
}

async function count(
  { sidecar }: SidecarHarness,
  state: 'accepted' | 'refused' | 'unresolved',
): Promise<number> {
  return (await sidecar.ledger.gauges()).states.get(state) ?? 0
}
