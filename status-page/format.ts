export const hourMs = 3_600_000
const dayMs = 24 * hourMs

const number = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 6 })
const timeOfDay = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
})
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })

/** Formats 1234.5 as `1,234.5`. */
export function showNumber(value: number): string {
  return number.format(value)
}

/** Formats a time as `10:15`, after the day if that is not the day of `now`. */
export function showTime(instant: number, now: number): string {
  const time = timeOfDay.format(instant)
  const sameDay = Math.floor(instant / dayMs) === Math.floor(now / dayMs)
  return sameDay ? time : `${day.format(instant)} ${time}`
}

/** Formats an hour as `10:00 to 11:00`. */
export function showHour(hour: number, now: number): string {
  return `${showTime(hour, now)} to ${timeOfDay.format(hour + hourMs)}`
}

/** Formats a distance as `3 min ago`, `in 46 min` or `now`. */
export function showDistance(instant: number, now: number): string {
  const span = showSpan(Math.abs(instant - now))
  if (span === '0 s') return 'now'
  return instant < now ? `${span} ago` : `in ${span}`
}

/** Formats the time that is left, in whole minutes rounded down. */
export function showLeft(ms: number): string {
  return showSpan(ms < 60_000 ? ms : Math.floor(ms / 60_000) * 60_000)
}

/** Formats how long something has run. */
export function showSpan(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  if (minutes < 48 * 60) return minutes % 60 === 0 ? `${minutes / 60} h` : hoursAndMinutes(minutes)
  return `${Math.round(minutes / 60 / 24)} days`
}

function hoursAndMinutes(minutes: number): string {
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Formats a date as `11 Mar`. */
export function showDay(instant: number): string {
  return day.format(instant)
}

const byteUnits = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const

/** Formats 1234567 bytes as `1.23 MB`. */
export function showBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${byteUnits[power]}`
}

/** Formats a count as `3 records` or `1 record`. */
export function showCount(count: number, noun: string): string {
  return `${showNumber(count)} ${noun}${count === 1 ? '' : 's'}`
}
