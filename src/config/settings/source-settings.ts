import { integer } from './setting-type.ts'

/** The rows of the settings' table about sources that ask for usage by themselves, and about readings. */
export const sourceSettings = [
  {
    name: 'SIDECAR_SCRAPE_URL',
    member: 'scrapeUrl',
    type: { kind: 'url' },
    default: undefined,
    summary:
      'The metrics page of the application, on loopback, where a dimension comes from prometheus.',
  },
  {
    name: 'SIDECAR_SCRAPE_INTERVAL_SECONDS',
    member: 'scrapeIntervalMs',
    type: integer('s', 1, 300),
    default: '15',
    summary: 'How often the metrics page is read.',
  },
  {
    name: 'SIDECAR_SCRAPE_TIMEOUT_MS',
    member: 'scrapeTimeoutMs',
    type: integer('ms', 100, 30_000),
    default: '5000',
    summary: 'How long one reading of the metrics page may take.',
  },
  {
    name: 'SIDECAR_MAX_READINGS',
    member: 'maxReadings',
    type: integer('', 1, 10_000_000),
    default: '100000',
    summary:
      'Distinct members or readings that one hour of a dimension may have where its aggregate is not sum, and counters that a source follows; more are refused.',
  },
] as const
