const dayMs = 86_400_000

/** Whether AWS accepts the record of a customer: for a day, and for the month before until 06:00 UTC of the 1st. */
export function acceptsCustomerRecord(timestamp: number, now: number): boolean {
  return now - timestamp < dayMs && (isOfThisMonth(timestamp, now) || isGrace(now))
}

/** Whether a record is of the month before and accepted nevertheless. */
export function isAcceptedForLastMonth(timestamp: number, now: number): boolean {
  return !isOfThisMonth(timestamp, now) && acceptsCustomerRecord(timestamp, now)
}

/** Whether a record is not a day old and too late because its month is over. */
export function isOfClosedMonth(timestamp: number, now: number): boolean {
  return now - timestamp < dayMs && !isOfThisMonth(timestamp, now) && !isGrace(now)
}

function isOfThisMonth(timestamp: number, now: number): boolean {
  return new Date(timestamp).getUTCMonth() === new Date(now).getUTCMonth()
}

function isGrace(now: number): boolean {
  const date = new Date(now)
  return date.getUTCDate() === 1 && date.getUTCHours() < 6
}
