import { formatQuantity } from '../../metering/quantity.ts'
import { isoOrNull, toIso } from '../../kernel/clock.ts'
import type { WholeOverview } from '../../store/summary.ts'
import { recordBody, tagsBody } from './record-body.ts'

/** The overview as programs read it. Quantities that may have a fraction are decimal strings, exact. */
export function overviewBody(directory: string, overview: WholeOverview) {
  const { owner, openByTags, fractions, held, pending, unresolved, settled, lastFailure } = overview
  return {
    dataDir: directory,
    owner:
      owner === undefined
        ? null
        : { resource: owner.identity, firstSeenAt: toIso(owner.firstSeenAt) },
    open: openByTags.map(({ customer, dimension, hour, tags, quantity }) => ({
      customer,
      dimension,
      hour: toIso(hour),
      tags: tagsBody(tags),
      quantity: formatQuantity(quantity),
    })),
    readings: overview.readings.map(({ dimension, hour, aggregate, quantity, count }) => ({
      dimension,
      hour: toIso(hour),
      aggregate,
      quantity: formatQuantity(quantity),
      count,
    })),
    fractions: fractions.map(({ dimension, productCode, divisor, quantity, retired }) => ({
      dimension,
      productCode,
      divisor: Number(divisor),
      quantity: formatQuantity(quantity),
      retired,
    })),
    held: held.map(({ id, customer, dimension, hour, quantity, reason, since }) => ({
      id,
      customer,
      dimension,
      hour: toIso(hour),
      quantity: formatQuantity(quantity),
      reason,
      since: toIso(since),
    })),
    pending: pending.filter(({ state }) => state !== 'refused').map(recordBody),
    refused: pending.filter(({ state }) => state === 'refused').map(recordBody),
    unresolved: unresolved.map(recordBody),
    settled: settled.filter(({ state }) => state !== 'unresolved').map(recordBody),
    voided: overview.voided.map(({ recordId, hour, tags, quantity, at, ...usage }) => ({
      ...usage,
      record: recordId ?? null,
      hour: toIso(hour),
      tags: tagsBody(tags),
      quantity: formatQuantity(quantity),
      at: toIso(at),
    })),
    lastSuccessAt: isoOrNull(overview.lastSuccessAt),
    lastFailure: lastFailure === undefined ? null : { ...lastFailure, at: toIso(lastFailure.at) },
    oldestUnsentHour: isoOrNull(overview.oldestUnsentHour),
  }
}
