type MetricUnit =
  | 'flag'
  | 'seconds'
  | 'bytes'
  | 'units'
  | 'reports'
  | 'records'
  | 'attempts'
  | 'decisions'
  | 'changes'
  | 'files'
  | 'lines'
  | 'connections'
  | 'descriptors'
  | 'readings'

export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** What the value is; shown by /metrics. */
  readonly help: string
  /** What the value counts; `units` are those that the application reports. */
  readonly unit: MetricUnit
  readonly labels: readonly string[]
  /** Upper bounds of a histogram's buckets, seconds. */
  readonly buckets?: readonly number[]
}

export const metricPrefix = 'marketplace_'

/** The name that Prometheus sees. What every process has keeps its usual name, without the prefix. */
export function fullNameOf(name: string): string {
  return /^(process|nodejs)_/.test(name) ? name : metricPrefix + name
}

const requestBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

/** Values of `age_hours`: whole hours since the end of the hour. The last is for what AWS rejects as too old. */
export const unsentAges = ['0', '1', '2', '3', '4', '5', '6+'] as const

/** Every metric, by its name without the prefix, if it has that. Label values come from fixed sets. */
export const metricTable = {
  info: {
    type: 'gauge',
    help: 'Always 1; the labels say what runs here',
    unit: 'flag',
    labels: ['version', 'product_code', 'route', 'platform', 'region'],
  },
  entitled: {
    type: 'gauge',
    help: 'Whether the buyer may run the product: 1 or 0',
    unit: 'flag',
    labels: [],
  },
  entitlement_state: {
    type: 'gauge',
    help: 'Which state the entitlement is in: 1 for that one, 0 for the others',
    unit: 'flag',
    labels: ['state'],
  },
  entitlement_transitions_total: {
    type: 'counter',
    help: 'Changes of the state of the entitlement',
    unit: 'changes',
    labels: ['from', 'to'],
  },
  usage_reports_total: {
    type: 'counter',
    help: 'Reports from the application, by their outcome',
    unit: 'reports',
    labels: ['dimension', 'result'],
  },
  usage_reported_total: {
    type: 'counter',
    help: 'Units that the application reported and that are on disk',
    unit: 'units',
    labels: ['dimension'],
  },
  usage_accepted_total: {
    type: 'counter',
    help: "Units that AWS accepted, in AWS's units",
    unit: 'units',
    labels: ['dimension'],
  },
  usage_pending: {
    type: 'gauge',
    help: 'Units that are on disk and that AWS has not accepted yet',
    unit: 'units',
    labels: ['dimension'],
  },
  usage_held: {
    type: 'gauge',
    help: 'Units that are held and not sent until an operator releases them or writes them off',
    unit: 'units',
    labels: ['dimension'],
  },
  held_deadline_seconds: {
    type: 'gauge',
    help: 'Seconds until AWS rejects the next hour that maxPerHour holds; +Inf when there is none',
    unit: 'seconds',
    labels: [],
  },
  unregistered_deadline_seconds: {
    type: 'gauge',
    help: 'Seconds until AWS rejects the oldest usage of a customer who is not registered; +Inf when there is none',
    unit: 'seconds',
    labels: [],
  },
  operator_decisions_total: {
    type: 'counter',
    help: 'Decisions of operators about usage, by action',
    unit: 'decisions',
    labels: ['action'],
  },
  usage_late_reports_total: {
    type: 'counter',
    help: 'Reports whose hour was already closed, so that they count in a later hour',
    unit: 'reports',
    labels: ['dimension'],
  },
  usage_repeated_calls_total: {
    type: 'counter',
    help: 'MeterUsage calls that equal an earlier one of their hour and have nothing that identifies a repeat; they were counted',
    unit: 'reports',
    labels: ['dimension'],
  },
  usage_not_counted_reports_total: {
    type: 'counter',
    help: 'Readings whose hour was already closed and that changed no amount',
    unit: 'reports',
    labels: ['dimension'],
  },
  source_last_seen_timestamp_seconds: {
    type: 'gauge',
    help: 'When a source last worked, as a Unix time; until it first does, when the sidecar was started',
    unit: 'seconds',
    labels: ['source'],
  },
  source_readings_total: {
    type: 'counter',
    help: 'Readings of counters, by their outcome',
    unit: 'readings',
    labels: ['dimension', 'outcome'],
  },
  usage_tag_overflow_reports_total: {
    type: 'counter',
    help: 'Reports or tag sets that went to the untagged bucket because their hour had too many',
    unit: 'reports',
    labels: ['dimension'],
  },
  usage_imbalance: {
    type: 'gauge',
    help: 'Units that were reported but were in no place at the last audit; anything but 0 is a defect',
    unit: 'units',
    labels: ['dimension'],
  },
  records: {
    type: 'gauge',
    help: 'Records in the ledger by state',
    unit: 'records',
    labels: ['state'],
  },
  record_attempts_total: {
    type: 'counter',
    help: 'Attempts to send a record, by outcome',
    unit: 'attempts',
    labels: ['outcome'],
  },
  unsent_records: {
    type: 'gauge',
    help: 'Records that AWS has not accepted, by whole hours since the end of their hour',
    unit: 'records',
    labels: ['age_hours'],
  },
  oldest_unsent_seconds: {
    type: 'gauge',
    help: 'Seconds since the end of the oldest hour that AWS has not accepted, sealed or overdue for sealing; 0 when there is none',
    unit: 'seconds',
    labels: [],
  },
  record_window_seconds: {
    type: 'gauge',
    help: 'Seconds after the end of an hour until AWS rejects its record, at the most',
    unit: 'seconds',
    labels: [],
  },
  unsent_deadline_seconds: {
    type: 'gauge',
    help: 'Seconds until AWS rejects the oldest unsent hour; +Inf when there is none',
    unit: 'seconds',
    labels: [],
  },
  aws_request_duration_seconds: {
    type: 'histogram',
    help: 'Calls of the Metering service, by operation and outcome',
    unit: 'seconds',
    labels: ['operation', 'outcome'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  ledger_commit_duration_seconds: {
    type: 'histogram',
    help: 'Commit and flush of a group of ledger operations',
    unit: 'seconds',
    labels: [],
    buckets: requestBuckets,
  },
  ledger_readable: {
    type: 'gauge',
    help: 'Whether the ledger answers; 0 while it is not open yet or its database is away, and other figures of the ledger are missing or old then',
    unit: 'flag',
    labels: [],
  },
  ledger_bytes: { type: 'gauge', help: "Size of the ledger's files", unit: 'bytes', labels: [] },
  ledger_free_bytes: {
    type: 'gauge',
    help: 'Free space of the volume that holds the ledger',
    unit: 'bytes',
    labels: [],
  },
  ledger_volume_bytes: {
    type: 'gauge',
    help: 'Size of the volume that holds the ledger',
    unit: 'bytes',
    labels: [],
  },
  ledger_set_aside_files_total: {
    type: 'counter',
    help: 'Damaged ledger files that were kept under another name since the start',
    unit: 'files',
    labels: [],
  },
  clock_skew_seconds: {
    type: 'gauge',
    help: "AWS's clock minus ours, from the Date header of the last answer",
    unit: 'seconds',
    labels: [],
  },
  public_key_rotation_timestamp_seconds: {
    type: 'gauge',
    help: 'When AWS rotates the public key version in use, as a Unix time, or 0 when it has announced nothing',
    unit: 'seconds',
    labels: [],
  },
  http_request_duration_seconds: {
    type: 'histogram',
    help: "Requests to the sidecar's own listeners",
    unit: 'seconds',
    labels: ['route', 'method', 'status'],
    buckets: requestBuckets,
  },
  connections_dropped_total: {
    type: 'counter',
    help: 'Connections that were cut off, by reason: no room, an answer that was not read, requests sent ahead',
    unit: 'connections',
    labels: ['reason'],
  },
  log_lines_dropped_total: {
    type: 'counter',
    help: 'Lines that were not written because no one read standard output',
    unit: 'lines',
    labels: [],
  },
  start_time_seconds: {
    type: 'gauge',
    help: 'When the sidecar was started by its own clock, as a Unix time',
    unit: 'seconds',
    labels: [],
  },
  process_cpu_seconds_total: {
    type: 'counter',
    help: 'Processor time of the process, user and system',
    unit: 'seconds',
    labels: [],
  },
  process_resident_memory_bytes: {
    type: 'gauge',
    help: 'Memory of the process that is in RAM',
    unit: 'bytes',
    labels: [],
  },
  process_start_time_seconds: {
    type: 'gauge',
    help: 'When the process was started, as a Unix time',
    unit: 'seconds',
    labels: [],
  },
  process_open_fds: {
    type: 'gauge',
    help: 'Open file descriptors, sockets included',
    unit: 'descriptors',
    labels: [],
  },
  process_max_fds: {
    type: 'gauge',
    help: 'Maximum number of file descriptors that the process may open',
    unit: 'descriptors',
    labels: [],
  },
  nodejs_eventloop_lag_p99_seconds: {
    type: 'gauge',
    help: 'Delay of the event loop since the last scrape, 99th percentile',
    unit: 'seconds',
    labels: [],
  },
  nodejs_eventloop_lag_max_seconds: {
    type: 'gauge',
    help: 'Longest delay of the event loop since the last scrape',
    unit: 'seconds',
    labels: [],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>

export type MetricName = keyof typeof metricTable
