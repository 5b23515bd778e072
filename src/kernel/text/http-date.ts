import { fromIso, toIso } from '../clock.ts'

const dayMs = 86_400_000
// 1970-01-01 was a Thursday.
const weekdays = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed']
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** Parses the value of a `Date` header such as `Tue, 10 Mar 2026 09:16:30 GMT`, or returns undefined. */
export function parseHttpDate(text: string): number | undefined {
  const parts = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) ([\d:]{8}) GMT$/.exec(text)
  if (parts === null) return undefined
  const [, day, monthName = '', year, time] = parts
  const month = String(months.indexOf(monthName) + 1).padStart(2, '0')
  return fromIso(`${year}-${month}-${day}T${time}Z`)
}

/** Formats an instant from 1970 on for a `Date` header: `Tue, 10 Mar 2026 09:15:00 GMT`. */
export function toHttpDate(instant: number): string {
  const iso = toIso(instant)
  const weekday = weekdays[Math.floor(instant / dayMs) % 7]
  const month = months[Number(iso.slice(5, 7)) - 1]
  return `${weekday}, ${iso.slice(8, 10)} ${month} ${iso.slice(0, 4)} ${iso.slice(11, 19)} GMT`
}
