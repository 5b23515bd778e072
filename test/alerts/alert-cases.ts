/** A story for one alert, and when it must fire. */
export interface AlertCase {
  readonly alert: string
  readonly story: string
  /** Values a minute apart, in promtool's notation, by metric and labels. */
  readonly series: Readonly<Record<string, string>>
  /** Moments since the start of the series. */
  readonly quietAt: readonly string[]
  readonly firesAt: readonly string[]
  /** Labels of the alert apart from its name and severity; the target's if absent. */
  readonly labels?: Readonly<Record<string, string>>
  /** What replaces `{{ $value … }}` in the description. */
  readonly value?: string
}

const job = 'shop/marketplace-sidecar'
const instance = '10.0.0.1:9464'
export const target = { job, instance }

/** A series of the target. */
function of(metric: string, labels: Readonly<Record<string, string>> = {}): string {
  const all = Object.entries({ ...target, ...labels })
  return `${metric}{${all.map(([name, value]) => `${name}="${value}"`).join(',')}}`
}

function state(name: string): string {
  return of('marketplace_entitlement_state', { state: name })
}

function calls(outcome: string): string {
  const labels = { operation: 'MeterUsage', outcome }
  return of('marketplace_aws_request_duration_seconds_count', labels)
}

const refused = of('marketplace_records', { state: 'refused' })
const unresolved = of('marketplace_records', { state: 'unresolved' })
const reports = (result: string) =>
  of('marketplace_usage_reports_total', { dimension: 'requests', result })
const day = 86_400
/** What AWS accepts of an hour after its end. */
const windows = [
  { product: 'a container product', hours: 6 },
  { product: 'a SaaS product', hours: 24 },
]
/** A deadline where nothing is due, for half an hour. */
const inOrder = ' Inf'.repeat(30)

export const alertCases: readonly AlertCase[] = [
  {
    alert: 'MarketplaceSidecarNotEntitled',
    story: 'the subscription ends after ten minutes',
    series: { [state('entitled')]: '1x9 0x30', [state('denied')]: '0x9 1x30' },
    quietAt: ['9m', '14m'],
    firesAt: ['15m', '40m'],
    labels: { ...target, state: 'denied' },
  },
  {
    alert: 'MarketplaceSidecarNotEntitled',
    story: 'AWS is slow, and then says yes',
    series: { [state('starting')]: '1x9 0x30', [state('denied')]: '0x40' },
    quietAt: ['5m', '40m'],
    firesAt: [],
  },
  {
    alert: 'MarketplaceSidecarEntitlementUnknown',
    story: 'AWS cannot be reached from the start on',
    series: { [state('starting')]: '1x4 0x40', [state('unreachable')]: '0x4 1x40' },
    quietAt: ['0m', '14m'],
    firesAt: ['15m', '40m'],
  },
  {
    alert: 'MarketplaceSidecarEntitlementUnknown',
    story: 'AWS says no',
    series: { [state('starting')]: '1x4 0x40', [state('denied')]: '0x4 1x40' },
    quietAt: ['40m'],
    firesAt: [],
  },
  {
    alert: 'MarketplaceSidecarGrace',
    story: 'a restart during an outage of AWS',
    series: { [state('grace')]: '0x4 1x20 0x20' },
    quietAt: ['4m', '9m', '30m'],
    firesAt: ['10m', '20m'],
    labels: { ...target, state: 'grace' },
  },
  {
    alert: 'MarketplaceSidecarKeyRotation',
    story: 'AWS has announced the end of the key version, 14 days and an hour ahead',
    series: { [of('marketplace_public_key_rotation_timestamp_seconds')]: `${14 * day + 3600}x200` },
    quietAt: ['1m', '60m'],
    firesAt: ['61m', '2h'],
    value: '13d 23h 59m 0s|13d 23h 0m 0s',
  },
  {
    alert: 'MarketplaceSidecarKeyRotation',
    story: 'AWS has said nothing',
    series: { [of('marketplace_public_key_rotation_timestamp_seconds')]: '0x100' },
    quietAt: ['1m', '100m'],
    firesAt: [],
  },
  ...windows.flatMap(({ product, hours }) =>
    (
      [
        ['MarketplaceSidecarUnsentThird', hours / 3],
        ['MarketplaceSidecarUnsentTwoThirds', (hours * 2) / 3],
        ['MarketplaceSidecarUnsentLastHour', hours - 1],
      ] as const
    ).map(([alert, age]) => ({
      alert,
      story: `nothing of ${product} is accepted for ${hours} hours, and then everything`,
      series: {
        [of('marketplace_oldest_unsent_seconds')]: `0+60x${hours * 60} 0x20`,
        [of('marketplace_unsent_deadline_seconds')]: `${hours * 3600}-60x${hours * 60}${inOrder}`,
      },
      quietAt: ['5m', `${age * 60}m`, `${age * 60 + 5}m`, `${hours * 60 + 5}m`],
      firesAt: [`${age * 60 + 6}m`, `${age * 60 + 10}m`],
      value: `${age}h 6m 0s|${age}h 10m 0s`,
    })),
  ),
  {
    alert: 'MarketplaceSidecarUnsentLastHour',
    story: 'a volume comes back after a night, and its records are sent within minutes',
    series: {
      [of('marketplace_oldest_unsent_seconds')]: '_x9 36000+60x3 0x30',
      [of('marketplace_unsent_deadline_seconds')]: `_x9 -14400-60x3${inOrder}`,
    },
    quietAt: ['10m', '13m', '20m'],
    firesAt: [],
  },
  ...windows.flatMap(({ product, hours }) =>
    (
      [
        [
          'MarketplaceSidecarHeldHalf',
          hours * 30,
          `${hours / 2 - 1}h 59m 0s|${hours / 2 - 1}h 55m 0s`,
        ],
        ['MarketplaceSidecarHeldLastHalfHour', 30, '29m 0s|25m 0s'],
      ] as const
    ).map(([alert, minutes, value]) => ({
      alert,
      story: `an hour of ${product} is held for the whole window of AWS`,
      series: {
        [of('marketplace_held_deadline_seconds')]:
          `_ ${hours * 3600}-60x${hours * 60 - 1}${inOrder}`,
        [of('marketplace_record_window_seconds')]: `${hours * 3600}x${hours * 60 + 30}`,
      },
      quietAt: ['0m', `${hours * 60 + 1 - minutes}m`, `${hours * 60 + 10}m`],
      firesAt: [`${hours * 60 + 2 - minutes}m`, `${hours * 60 + 6 - minutes}m`],
      value,
    })),
  ),
  {
    alert: 'MarketplaceSidecarUsageHeld',
    story: 'an hour is held, AWS stops accepting it, and an operator writes it off much later',
    series: {
      [of('marketplace_usage_held', { dimension: 'requests' })]: '0 150x100 0x20',
      [of('marketplace_usage_held', { dimension: 'storage' })]: '0x121',
      [of('marketplace_held_deadline_seconds')]: `Inf 2400-60x39${inOrder}${inOrder}${inOrder}`,
    },
    quietAt: ['0m', '20m', '45m', '102m', '110m'],
    firesAt: ['46m', '100m'],
    value: '150',
  },
  {
    alert: 'MarketplaceSidecarCustomerUnregistered',
    story: 'usage of an unknown customer waits until he is registered',
    series: { [of('marketplace_unregistered_deadline_seconds')]: '_ 86400-60x1000 _x30' },
    quietAt: ['0m', '721m', '1010m'],
    firesAt: ['722m', '726m'],
    value: '11h 59m 0s|11h 55m 0s',
  },
  {
    alert: 'MarketplaceSidecarImbalance',
    story: 'an audit misses units of one dimension',
    series: {
      [of('marketplace_usage_imbalance', { dimension: 'requests' })]: '0x9 2.5x10',
      [of('marketplace_usage_imbalance', { dimension: 'storage' })]: '0x20',
    },
    quietAt: ['9m'],
    firesAt: ['10m', '20m'],
    labels: { ...target, dimension: 'requests' },
    value: '2.5',
  },
  {
    alert: 'MarketplaceSidecarRecordsRefused',
    story: 'two records are refused, tried again now and then, and finally accepted',
    series: { [refused]: '0x9 2x5 0 2x4 0x30' },
    quietAt: ['9m', '40m'],
    firesAt: ['10m', '16m', '20m'],
    labels: { ...target, state: 'refused' },
    value: '2',
  },
  {
    alert: 'MarketplaceSidecarRecordsUnresolved',
    story: 'a record is resolved after half an hour',
    series: { [unresolved]: '0x9 1x30 0x10' },
    quietAt: ['9m', '41m'],
    firesAt: ['10m', '40m'],
    labels: { ...target, state: 'unresolved' },
    value: '1',
  },
  {
    alert: 'MarketplaceSidecarReportsRefused',
    story: 'one report with an unknown dimension',
    series: {
      [of('marketplace_usage_reports_total', { dimension: 'unknown', result: 'refused' })]:
        '0x9 1x50',
      [reports('refused')]: '0x60',
      [reports('accepted')]: '0+10x60',
    },
    quietAt: ['9m', '40m'],
    firesAt: ['10m', '20m'],
  },
  {
    alert: 'MarketplaceSidecarLateUsage',
    story: 'three late reports',
    series: {
      [of('marketplace_usage_late_reports_total', { dimension: 'requests' })]: '0x9 3x120',
      [of('marketplace_usage_late_reports_total', { dimension: 'storage' })]: '0x130',
    },
    quietAt: ['9m', '90m'],
    firesAt: ['10m', '60m'],
    labels: { ...target, dimension: 'requests' },
  },
  {
    alert: 'MarketplaceSidecarCallsRepeated',
    story: 'an old SDK repeats a call whose answer was lost',
    series: {
      [of('marketplace_usage_repeated_calls_total', { dimension: 'requests' })]: '0x9 1x120',
    },
    quietAt: ['9m', '90m'],
    firesAt: ['10m', '60m'],
    labels: { ...target, dimension: 'requests' },
  },
  {
    alert: 'MarketplaceSidecarTagOverflow',
    story: 'tags with a request id, for a while',
    series: {
      [of('marketplace_usage_tag_overflow_reports_total', { dimension: 'requests' })]: '0x9 9x120',
    },
    quietAt: ['9m', '90m'],
    firesAt: ['10m', '60m'],
    labels: { ...target, dimension: 'requests' },
  },
  {
    alert: 'MarketplaceSidecarApplicationSilent',
    story: 'reports come for an hour and then no more, and two days later it is nothing new',
    series: {
      [of('marketplace_entitled')]: '1x3060',
      [reports('accepted')]: '0+1x60 60x3000',
      [reports('refused')]: '0+1x3060',
    },
    quietAt: ['30m', '6h', '50h'],
    firesAt: ['7h5m', '24h'],
  },
  {
    alert: 'MarketplaceSidecarApplicationSilent',
    story: 'the buyer may not run the product any more',
    series: { [of('marketplace_entitled')]: '1x60 0x600', [reports('accepted')]: '0+1x60 60x600' },
    quietAt: ['30m', '10h'],
    firesAt: [],
  },
  {
    alert: 'MarketplaceSidecarSilent',
    story: 'it goes down',
    series: { [of('up')]: '1x9 0x30', [of('marketplace_info')]: '1x9 stale' },
    quietAt: ['9m', '19m'],
    firesAt: ['20m', '30m'],
  },
  {
    alert: 'MarketplaceSidecarSilent',
    story: 'it never comes up',
    series: { [of('up')]: '0x30' },
    quietAt: ['9m'],
    firesAt: ['10m', '30m'],
  },
  {
    alert: 'MarketplaceSidecarSilent',
    story: 'it goes down in a job of another name',
    series: {
      'up{job="ecs",instance="10.0.0.2:9464"}': '1x9 0x30',
      'marketplace_info{job="ecs",instance="10.0.0.2:9464"}': '1x9 stale',
    },
    quietAt: ['9m', '19m'],
    firesAt: ['20m'],
    labels: { job: 'ecs', instance: '10.0.0.2:9464' },
  },
  {
    alert: 'MarketplaceSidecarSilent',
    story: 'something else is down, and a pod has gone for good',
    series: {
      'up{job="node",instance="10.0.0.3:9100"}': '0x40',
      [of('up')]: '1x9 stale',
      [of('marketplace_info')]: '1x9 stale',
    },
    quietAt: ['5m', '40m'],
    firesAt: [],
  },
  {
    alert: 'MarketplaceSidecarAbsent',
    story: 'the last sidecar goes away',
    series: { [of('marketplace_info')]: '1x9 stale' },
    quietAt: ['9m', '38m'],
    firesAt: ['45m'],
    labels: {},
  },
  {
    alert: 'MarketplaceSidecarAbsent',
    story: 'Prometheus has just started, and finds the first sidecar after ten minutes',
    series: { [of('marketplace_info')]: '_x9 1x60' },
    quietAt: ['0m', '9m', '30m'],
    firesAt: [],
  },
  {
    alert: 'MarketplaceSidecarAbsent',
    story: 'the sidecars are heard of every ten minutes only',
    series: {
      [of('marketplace_info')]: '1 stale _x8 1 stale _x8 1 stale _x8 1 stale _x8 1 stale _x8',
    },
    quietAt: ['9m', '19m', '39m', '49m'],
    firesAt: [],
  },
  {
    alert: 'MarketplaceSidecarRestarting',
    story: 'three restarts in ten minutes',
    series: { [of('marketplace_start_time_seconds')]: '100x9 200x4 300x4 400x80' },
    quietAt: ['9m', '15m', '85m'],
    firesAt: ['20m', '60m'],
    value: '3',
  },
  {
    alert: 'MarketplaceSidecarAwsErrors',
    story: 'the role is removed, and restored after two hours',
    series: { [calls('credentials')]: '0x9 1+1x119 120x60', [calls('ok')]: '5x129 6+1x60' },
    quietAt: ['9m', '40m', '150m'],
    firesAt: ['45m', '120m'],
  },
  {
    alert: 'MarketplaceSidecarAwsErrors',
    story: 'an outage of ten minutes at the start',
    series: { [calls('unavailable')]: '0 1 2 3 4 5 6 7 8 9 9x60', [calls('ok')]: '_x9 1x60' },
    quietAt: ['10m', '35m', '60m'],
    firesAt: [],
  },
  {
    alert: 'MarketplaceSidecarAwsErrors',
    story: 'AWS throttles half of the calls',
    series: { [calls('throttled')]: '0+1x120', [calls('ok')]: '0+1x120' },
    quietAt: ['60m', '120m'],
    firesAt: [],
  },
  {
    alert: 'MarketplaceSidecarClockSkewed',
    story: 'the clock runs ahead, and is corrected',
    series: { [of('marketplace_clock_skew_seconds')]: '0x9 -61x20 2x10' },
    quietAt: ['9m', '14m', '35m'],
    firesAt: ['15m', '29m'],
    value: '1m 1s',
  },
  {
    alert: 'MarketplaceSidecarLedgerSetAside',
    story: 'a start with a damaged ledger, and another start an hour later',
    series: {
      [of('marketplace_ledger_set_aside_files_total')]: '1x60 0x1600',
      [of('marketplace_start_time_seconds')]: '0x60 3660x1600',
    },
    quietAt: ['1505m'],
    firesAt: ['0m', '60m', '120m'],
  },
  {
    alert: 'MarketplaceSidecarLedgerSetAside',
    story: 'a sidecar that started with a damaged ledger goes on for days',
    series: {
      [of('marketplace_ledger_set_aside_files_total')]: '1x4000',
      [of('marketplace_start_time_seconds')]: '0x4000',
    },
    quietAt: ['1440m', '3000m'],
    firesAt: ['1m', '1439m'],
  },
  {
    alert: 'MarketplaceSidecarLedgerSetAside',
    story: 'a sidecar that started with a damaged ledger is down for a while',
    series: {
      [of('marketplace_ledger_set_aside_files_total')]: '1x9 stale _x60',
      [of('marketplace_start_time_seconds')]: '0x9 stale _x60',
    },
    quietAt: [],
    firesAt: ['9m', '30m', '60m'],
  },
  {
    alert: 'MarketplaceSidecarLedgerSetAside',
    story: 'a ledger that is well',
    series: {
      [of('marketplace_ledger_set_aside_files_total')]: '0x60',
      [of('marketplace_start_time_seconds')]: '0x60',
    },
    quietAt: ['1m', '60m'],
    firesAt: [],
  },
  {
    alert: 'MarketplaceSidecarSourceSilent',
    story: 'the metrics page is gone after ten minutes',
    series: {
      [of('marketplace_source_last_seen_timestamp_seconds', { source: 'prometheus' })]:
        '0+60x10 600x40',
    },
    quietAt: ['10m', '19m'],
    firesAt: ['21m', '40m'],
    labels: { ...target, source: 'prometheus' },
  },
  {
    alert: 'MarketplaceSidecarCounterLost',
    story: 'a counter falls once, and rises again',
    series: {
      [of('marketplace_source_readings_total', { dimension: 'requests', outcome: 'fell' })]:
        '0x9 1x100',
      [of('marketplace_source_readings_total', { dimension: 'requests', outcome: 'skipped' })]:
        '0x110',
    },
    quietAt: ['9m', '80m'],
    firesAt: ['15m', '60m'],
    labels: { ...target, dimension: 'requests' },
  },
  {
    alert: 'MarketplaceSidecarCounterLost',
    story: 'a second process calls itself as the first one does',
    series: {
      [of('marketplace_source_readings_total', { dimension: 'requests', outcome: 'overlaps' })]:
        '0x9 1x100',
    },
    quietAt: ['9m', '80m'],
    firesAt: ['15m', '60m'],
    labels: { ...target, dimension: 'requests' },
  },
  {
    alert: 'MarketplaceSidecarLedgerLarge',
    story: 'the ledger grows over three quarters of the volume',
    series: { [of('marketplace_ledger_bytes')]: '4194304x9 838860800x40' },
    quietAt: ['9m', '24m'],
    firesAt: ['25m', '40m'],
    value: '800Mi',
  },
  {
    alert: 'MarketplaceSidecarDiskFilling',
    story: 'another program fills the disk',
    series: {
      [of('marketplace_ledger_free_bytes')]: '20000000000x9 12000000000x40',
      [of('marketplace_ledger_volume_bytes')]: '100000000000x50',
    },
    quietAt: ['9m', '24m'],
    firesAt: ['25m', '40m'],
    value: '12%',
  },
  {
    alert: 'MarketplaceSidecarLedgerUnreadable',
    story: 'the database is away, and comes back',
    series: { [of('marketplace_ledger_readable')]: '1x9 0x20 1x9' },
    quietAt: ['9m', '11m', '31m'],
    firesAt: ['13m', '29m'],
    value: '0',
  },
  {
    alert: 'MarketplaceSidecarDiskFull',
    story: 'the disk is full, and is freed',
    series: { [of('marketplace_ledger_free_bytes')]: '67108864x9 1048576x20 67108864x9' },
    quietAt: ['9m', '14m', '31m'],
    firesAt: ['15m', '29m'],
    value: '1Mi',
  },
]
