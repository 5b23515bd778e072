import { fromIso } from '../clock.ts'

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** The instant in a header such as `Date: Tue, 10 Mar 2026 09:16:30 GMT`, or undefined. */
export function parseHttpDate(text: string): number | undefined {
  const parts = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) ([\d:]{8}) GMT$/.exec(text)
  if (parts === null) return undefined
  const [, day, monthName = '', year, time] = parts
  const month = String(months.indexOf(monthName) + 1).padStart(2, '0')
  return fromIso(`${year}-${month}-${day}T${time}Z`)
}
