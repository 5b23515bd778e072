import { logLevels } from '../../kernel/log.ts'
import { regionPattern } from '../../kernel/text/region-name.ts'
import { awsLimits } from '../../metering/aws-limits.ts'
import { lateUsagePolicies } from '../../metering/record/record.ts'
import { productCodePattern, productCodeRange } from '../../product/patterns.ts'
import { buyerRoutes, buyerRoutesNeeding, pricingInWords } from '../../product/routes.ts'
import { sourceSettings } from './source-settings.ts'
import { longestSealDelay, type Setting } from './setting.ts'
import { choice, integer, text } from './setting-type.ts'

/**
 * Every setting there is. `Settings`, the loader, docs/reference/configuration.md and the schema of the Helm chart
 * follow from it.
 */
export const settingsTable = [
  {
    name: 'SIDECAR_LISTEN',
    member: 'listen',
    type: { kind: 'host:port', loopbackOnly: true },
    default: '127.0.0.1:7070',
    summary: 'Where the application reaches the sidecar; port 0 lets the system choose.',
  },
  {
    name: 'SIDECAR_OPS_LISTEN',
    member: 'opsListen',
    type: { kind: 'host:port', loopbackOnly: false },
    default: '0.0.0.0:9464',
    summary: 'Where the kubelet and Prometheus reach health and metrics.',
  },
  {
    name: 'SIDECAR_DATA_DIR',
    member: 'dataDir',
    type: { kind: 'directory' },
    default: '/var/lib/marketplace-sidecar',
    summary: 'Directory of the ledger, on a local file system that outlives the container.',
  },
  {
    name: 'SIDECAR_DATA_LIMIT',
    // Undefined means the whole volume.
    member: 'dataLimit',
    type: text(/^[1-9]\d{0,14}([KMGT]i|[kMGT])?$/, 'a number of bytes, such as 1073741824 or 1Gi'),
    default: undefined,
    summary:
      'What the data directory may hold where that is less than its disk, such as the sizeLimit of an emptyDir; reports get 507 before it is reached. With a database: four times what idempotency keys may take there.',
  },
  {
    name: 'SIDECAR_DATABASE_URL_FILE',
    // A secret: never log it.
    member: 'databaseUrlOfFile',
    type: { kind: 'secret-file', holds: 'database-url' },
    default: undefined,
    summary:
      'File with the URL of the PostgreSQL database that keeps the ledger for many tasks or pods; without it each keeps its own in the data directory.',
  },
  {
    name: 'SIDECAR_DATABASE_URL',
    // A secret: never log it.
    member: 'databaseUrl',
    type: { kind: 'database-url' },
    default: undefined,
    summary: 'The URL itself, for trials and for ECS, whose `secrets` are environment variables.',
  },
  {
    name: 'SIDECAR_LEASE_SECONDS',
    member: 'leaseMs',
    type: integer('s', 1, 60),
    default: '30',
    summary:
      'How long after its last sign of life other sidecars on a shared database take over what a sidecar left.',
  },
  {
    name: 'SIDECAR_PRODUCT_FILE',
    type: { kind: 'path' },
    default: undefined,
    summary: 'The product file, only for images that have none baked in.',
  },
  {
    name: 'SIDECAR_PRODUCT_CODE',
    type: text(
      productCodePattern,
      `${productCodeRange} ; one of the trusted codes where a product file is used`,
    ),
    default: undefined,
    summary: 'The product code from the Marketplace portal.',
    ofProduct: ({ productCode }) => productCode,
  },
  {
    name: 'SIDECAR_ROUTE',
    type: choice(buyerRoutes),
    default: undefined,
    summary: `How the listing is priced: ${pricingInWords(buyerRoutes)}. A SaaS product needs a product file.`,
    ofProduct: ({ route }) => route,
  },
  {
    name: 'SIDECAR_PUBLIC_KEY_FILE',
    type: { kind: 'path' },
    default: undefined,
    summary: `PEM file with the product's RSA public key, for the routes ${buyerRoutesNeeding('publicKeys')}.`,
    ofProduct: () => '',
  },
  {
    name: 'SIDECAR_PUBLIC_KEY_VERSION',
    type: integer('', 1, awsLimits.publicKeyVersion),
    default: '1',
    summary: 'The version that the portal shows next to the public key.',
    ofProduct: ({ publicKeys }) => [...publicKeys.keys()].join(','),
  },
  {
    name: 'SIDECAR_DIMENSIONS',
    type: {
      kind: 'list',
      range: `1 to ${awsLimits.containerDimensions} items separated by commas, each name or name/divisor`,
    },
    default: undefined,
    summary: `API identifiers of the usage dimensions, such as \`requests,storage/1073741824\`, for the routes ${buyerRoutesNeeding('dimensions')}.`,
    ofProduct: ({ dimensions }) =>
      dimensions
        .map(({ name, divisor }) => (divisor === 1n ? name : `${name}/${divisor}`))
        .join(','),
  },
  {
    name: 'SIDECAR_AWS_ENDPOINT',
    // Without a trailing slash; undefined means the endpoint of the region.
    member: 'awsEndpoint',
    type: { kind: 'url' },
    default: undefined,
    summary: "The Metering service's address, if not the region's: a VPC endpoint or the emulator.",
  },
  {
    name: 'SIDECAR_REGION',
    member: 'region',
    type: text(regionPattern, 'a region name such as us-east-1'),
    default: undefined,
    summary: 'The region, only where the sidecar cannot find it out from the task or pod.',
  },
  {
    name: 'SIDECAR_POD_UID',
    member: 'podUid',
    type: text(/^[-0-9a-zA-Z]{1,64}$/, "the pod's metadata.uid"),
    default: undefined,
    summary:
      "The pod's uid, from `metadata.uid` with the downward API; the chart sets it. A service account token that names the pod counts first.",
  },
  {
    name: 'SIDECAR_AWS_TIMEOUT_MS',
    member: 'awsTimeoutMs',
    type: integer('ms', 100, 60_000),
    default: '10000',
    summary: 'How long one call to AWS may take.',
  },
  {
    name: 'SIDECAR_FAIL_MODE',
    member: 'failMode',
    type: choice(['closed', 'open']),
    default: 'closed',
    summary:
      'What a buyer whom AWS has neither confirmed nor denied gets while AWS cannot be reached: nothing (closed), or the grace time (open).',
  },
  {
    name: 'SIDECAR_GRACE_SECONDS',
    // 0 where there is no grace.
    member: 'graceMs',
    type: integer('s', 0, 604_800),
    default: '7200',
    summary:
      'How long an outage of AWS is tolerated: after a restart since AWS last confirmed the buyer, and with the fail mode open since the outage began.',
  },
  {
    name: 'SIDECAR_SEAL_DELAY_SECONDS',
    member: 'sealDelayMs',
    type: integer('s', 0, 72_000),
    default: '60',
    saasDefault: '3600',
    summary: `How long after the end of an hour its usage is sealed into records; more than ${longestSealDelay} only on the route saas, where the default is 3600.`,
  },
  {
    name: 'SIDECAR_SUBMIT_SPREAD_SECONDS',
    member: 'submitSpreadMs',
    type: integer('s', 0, 1800),
    default: '300',
    saasDefault: '0',
    summary:
      'The time over which tasks and pods spread the sending of their records, 0 by default on the route saas; when AWS throttles, a task doubles its own, up to 55 minutes.',
  },
  {
    name: 'SIDECAR_LATE_USAGE',
    member: 'lateUsage',
    type: choice(lateUsagePolicies),
    default: 'carry',
    summary:
      "What happens to usage that missed AWS's window: billed with a later hour (carry) or kept for an operator (hold).",
  },
  {
    name: 'SIDECAR_METER_USAGE_CALLS',
    member: 'meterUsageCalls',
    type: choice(['add', 'hourly']),
    default: 'add',
    summary:
      'How the AWS front treats a second MeterUsage for a dimension and hour: as more usage (add), or as AWS does, as the same record or a DuplicateRequestException (hourly).',
  },
  {
    name: 'SIDECAR_ZERO_RECORDS',
    member: 'zeroRecords',
    type: { kind: 'boolean' },
    default: 'false',
    summary: 'Whether hours without usage are sent as records of zero.',
  },
  {
    name: 'SIDECAR_FLUSH_ON_SHUTDOWN',
    member: 'flushOnShutdown',
    type: { kind: 'boolean' },
    default: 'true',
    summary: 'Whether the hour that is still open is sealed and sent at shutdown.',
  },
  {
    name: 'SIDECAR_DRAIN_QUIET_MS',
    member: 'drainQuietMs',
    type: integer('ms', 0, 60_000),
    default: '3000',
    summary: 'At shutdown, reports are accepted until none has come for this long.',
  },
  {
    name: 'SIDECAR_DRAIN_DELAY_MS',
    member: 'drainDelayMs',
    type: integer('ms', 0, 100_000),
    default: '10000',
    summary: 'At shutdown, reports are accepted for this long at most.',
  },
  {
    name: 'SIDECAR_SHUTDOWN_TIMEOUT_MS',
    // Never less than `drainDelayMs`.
    member: 'shutdownTimeoutMs',
    type: integer('ms', 1000, 110_000),
    default: '25000',
    summary:
      'The whole time for shutting down, the drain delay included; keep it under the stop timeout of the task or pod.',
  },
  {
    name: 'SIDECAR_API_TOKEN_FILE',
    // A secret: never log it. Undefined lets every local process in.
    member: 'apiToken',
    type: { kind: 'secret-file', holds: 'token' },
    default: undefined,
    summary:
      'File with the bearer token that the application must send: 16 to 1024 visible ASCII characters.',
  },
  {
    name: 'SIDECAR_OPERATOR_TOKEN_FILE',
    // A secret: never log it. Undefined keeps the routes of operators closed.
    member: 'operatorToken',
    type: { kind: 'secret-file', holds: 'token' },
    default: undefined,
    summary:
      'File with the bearer token for `/v1/operator/*`, another than that of the application; without it these routes are closed.',
  },
  {
    name: 'SIDECAR_BODY_LIMIT_BYTES',
    member: 'bodyLimitBytes',
    type: integer('bytes', 1024, 16_777_216),
    default: '1048576',
    summary: 'The largest request body that is read.',
  },
  {
    name: 'SIDECAR_MAX_CONNECTIONS',
    member: 'maxConnections',
    type: integer('', 1, 65_535),
    default: '1024',
    summary:
      'How many connections the application may hold open, over both 127.0.0.1 and ::1, but no more than the limit of open files (`nofile`) leaves room for; when all are in use, an idle one makes room.',
  },
  {
    name: 'SIDECAR_REQUEST_TIMEOUT_MS',
    member: 'requestTimeoutMs',
    type: integer('ms', 1000, 300_000),
    default: '15000',
    summary: 'How long the application may take to send one whole request.',
  },
  {
    name: 'SIDECAR_MAX_TAG_SETS',
    member: 'maxTagSets',
    type: integer('', 1, awsLimits.allocations),
    default: String(awsLimits.allocations),
    summary: 'Distinct tag sets for one dimension and hour; usage beyond them is kept untagged.',
  },
  ...sourceSettings,
  {
    name: 'SIDECAR_LOG_LEVEL',
    member: 'logLevel',
    type: choice(logLevels),
    default: 'info',
    summary: 'The least important line that is logged.',
  },
  {
    name: 'SIDECAR_DOCS_URL',
    member: 'docsUrl',
    type: text(/^https?:\/\/[^\s"'<>]+$/, 'an address such as https://example.com/sidecar/docs'),
    default: undefined,
    summary: 'Where the pages that messages and alerts link to are published; a release has one.',
  },
  {
    name: 'SIDECAR_EMBEDDED_METRICS',
    member: 'embeddedMetrics',
    type: { kind: 'boolean' },
    default: 'false',
    summary:
      'Whether a line with metrics for CloudWatch (embedded metric format) goes to standard output each minute.',
  },
] as const satisfies readonly Setting[]

export type SettingRow = (typeof settingsTable)[number]
export type SettingName = SettingRow['name']

/** What the product file alone decides where there is one. */
export const identityNames: readonly SettingName[] = settingsTable.flatMap((row) =>
  'ofProduct' in row && row.name !== 'SIDECAR_PRODUCT_CODE' ? [row.name] : [],
)
