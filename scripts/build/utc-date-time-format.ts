const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const twoDigits = (value: number) => String(value).padStart(2, '0')

interface Options {
  readonly timeZone?: string
  readonly timeZoneName?: string
}

/** What node-cron needs of `Intl.DateTimeFormat`, in UTC. */
export class UtcDateTimeFormat {
  readonly #hasZoneOnly: boolean

  /** @throws RangeError for any time zone but UTC. */
  constructor(_locale: string, { timeZone, timeZoneName }: Options) {
    if (timeZone !== 'UTC') throw new RangeError('This bundle formats times in UTC only.')
    this.#hasZoneOnly = timeZoneName !== undefined
  }

  /** The parts without the literals between them. Midnight is hour 00. */
  formatToParts(date: Date): { readonly type: string; readonly value: string }[] {
    if (this.#hasZoneOnly) return [{ type: 'timeZoneName', value: 'GMT' }]
    return [
      { type: 'weekday', value: days[date.getUTCDay()] ?? '' },
      { type: 'month', value: twoDigits(date.getUTCMonth() + 1) },
      { type: 'day', value: twoDigits(date.getUTCDate()) },
      { type: 'year', value: String(date.getUTCFullYear()) },
      { type: 'hour', value: twoDigits(date.getUTCHours()) },
      { type: 'minute', value: twoDigits(date.getUTCMinutes()) },
      { type: 'second', value: twoDigits(date.getUTCSeconds()) },
    ]
  }
}
