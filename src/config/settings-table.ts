import { logLevels } from '../kernel/log.ts'
import { pricingInWords, routeNames } from '../product/routes.ts'
import { productCodePattern, regionPattern } from '../product/patterns.ts'
import { failModes, lateUsageChoices } from './settings.ts'

export type SettingType =
  | { readonly kind: 'host:port'; readonly loopbackOnly: boolean }
  | { readonly kind: 'directory' | 'path' | 'secret-file' | 'boolean' | 'url' }
  | {
      readonly kind: 'integer'
      readonly unit: string
      readonly min: number
      readonly max: number
    }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'list'; readonly range: string }
  | { readonly kind: 'text'; readonly pattern: RegExp; readonly range: string }

export interface Setting {
  readonly name: string
  readonly type: SettingType
  /** As it would be written in the environment; undefined when there is none. */
  readonly default: string | undefined
  /** One sentence for the operator. */
  readonly summary: string
}

const text = (pattern: RegExp, range: string) => ({ kind: 'text', pattern, range }) as const
const integer = (unit: string, min: number, max: number) =>
  ({ kind: 'integer', unit, min, max }) as const

/** Every setting there is. docs/configuration.md is made from it, the Helm chart is held against it. */
export const settingsTable = [
  {
    name: 'SIDECAR_LISTEN',
    type: { kind: 'host:port', loopbackOnly: true },
    default: '127.0.0.1:7070',
    summary: 'Where the application reaches the sidecar; port 0 lets the system choose.',
  },
  {
    name: 'SIDECAR_OPS_LISTEN',
    type: { kind: 'host:port', loopbackOnly: false },
    default: '0.0.0.0:9464',
    summary: 'Where the kubelet and Prometheus reach health and metrics.',
  },
  {
    name: 'SIDECAR_DATA_DIR',
    type: { kind: 'directory' },
    default: '/var/lib/marketplace-sidecar',
    summary: 'Directory of the ledger, on a local file system that outlives the container.',
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
      '1 to 255 letters, digits and -/=:_.@ ; one of the trusted codes where a product file is used',
    ),
    default: undefined,
    summary: 'The product code from the Marketplace portal.',
  },
  {
    name: 'SIDECAR_ROUTE',
    type: { kind: 'choice', choices: routeNames },
    default: undefined,
    summary: `How the listing is priced: ${pricingInWords()}.`,
  },
  {
    name: 'SIDECAR_PUBLIC_KEY_FILE',
    type: { kind: 'path' },
    default: undefined,
    summary: "PEM file with the product's RSA public key, for the routes hourly and both.",
  },
  {
    name: 'SIDECAR_PUBLIC_KEY_VERSION',
    type: integer('', 1, 2_147_483_647),
    default: '1',
    summary: 'The version that the portal gives beside the public key.',
  },
  {
    name: 'SIDECAR_DIMENSIONS',
    type: {
      kind: 'list',
      range: '1 to 24 items with commas between, each name or name/divisor',
    },
    default: undefined,
    summary:
      'API identifiers of the usage dimensions, such as `requests,storage/1073741824`, for the routes metered and both.',
  },
  {
    name: 'SIDECAR_AWS_ENDPOINT',
    type: { kind: 'url' },
    default: undefined,
    summary:
      "The Metering service's address where it is not the region's own: a VPC endpoint or the emulator.",
  },
  {
    name: 'SIDECAR_REGION',
    type: text(regionPattern, 'a region name such as us-east-1'),
    default: undefined,
    summary: 'The region, only where the task or pod cannot find it out by itself.',
  },
  {
    name: 'SIDECAR_AWS_TIMEOUT_MS',
    type: integer('ms', 100, 60_000),
    default: '10000',
    summary: 'How long one call of AWS may take.',
  },
  {
    name: 'SIDECAR_FAIL_MODE',
    type: { kind: 'choice', choices: failModes },
    default: 'closed',
    summary:
      'What a buyer gets whom AWS has neither confirmed nor denied, while AWS cannot be reached: nothing (closed), or the grace time (open).',
  },
  {
    name: 'SIDECAR_GRACE_SECONDS',
    type: integer('s', 0, 604_800),
    default: '7200',
    summary:
      'How long an outage of AWS is borne: after a restart since AWS last confirmed the buyer, and with the fail mode open since the outage began.',
  },
  {
    name: 'SIDECAR_SEAL_DELAY_SECONDS',
    type: integer('s', 0, 1800),
    default: '60',
    summary: 'How long after the end of an hour its usage is sealed into records.',
  },
  {
    name: 'SIDECAR_SUBMIT_SPREAD_SECONDS',
    type: integer('s', 0, 1800),
    default: '300',
    summary: 'The time over which tasks and pods spread the sending of their records.',
  },
  {
    name: 'SIDECAR_LATE_USAGE',
    type: { kind: 'choice', choices: lateUsageChoices },
    default: 'carry',
    summary:
      "What happens to usage that missed AWS's window: billed with a later hour (carry) or kept for an operator (hold).",
  },
  {
    name: 'SIDECAR_ZERO_RECORDS',
    type: { kind: 'boolean' },
    default: 'false',
    summary: 'Whether hours without usage are sent as records of zero.',
  },
  {
    name: 'SIDECAR_FLUSH_ON_SHUTDOWN',
    type: { kind: 'boolean' },
    default: 'true',
    summary: 'Whether the hour that is still open is sealed and sent at shutdown.',
  },
  {
    name: 'SIDECAR_DRAIN_QUIET_MS',
    type: integer('ms', 0, 60_000),
    default: '3000',
    summary: 'At shutdown, reports are taken until the application has been silent for this long.',
  },
  {
    name: 'SIDECAR_DRAIN_DELAY_MS',
    type: integer('ms', 0, 100_000),
    default: '10000',
    summary: 'At shutdown, reports are taken for this long at most.',
  },
  {
    name: 'SIDECAR_SHUTDOWN_TIMEOUT_MS',
    type: integer('ms', 1000, 110_000),
    default: '25000',
    summary:
      'The whole time for shutting down, the drain delay included; keep it under the stop timeout of the task or pod.',
  },
  {
    name: 'SIDECAR_API_TOKEN_FILE',
    type: { kind: 'secret-file' },
    default: undefined,
    summary:
      'File with the bearer token that the application must send: 16 to 1024 visible ASCII characters.',
  },
  {
    name: 'SIDECAR_BODY_LIMIT_BYTES',
    type: integer('bytes', 1024, 16_777_216),
    default: '1048576',
    summary: 'The largest request body that is read.',
  },
  {
    name: 'SIDECAR_MAX_CONNECTIONS',
    type: integer('', 1, 65_535),
    default: '1024',
    summary: 'How many connections the application may hold open.',
  },
  {
    name: 'SIDECAR_REQUEST_TIMEOUT_MS',
    type: integer('ms', 1000, 300_000),
    default: '15000',
    summary: 'How long the application may take to send one whole request.',
  },
  {
    name: 'SIDECAR_MAX_TAG_SETS',
    type: integer('', 1, 2500),
    default: '2500',
    summary: 'Distinct tag sets for one dimension and hour; usage beyond them is kept untagged.',
  },
  {
    name: 'SIDECAR_LOG_LEVEL',
    type: { kind: 'choice', choices: logLevels },
    default: 'info',
    summary: 'The least important line that is logged.',
  },
  {
    name: 'SIDECAR_EMBEDDED_METRICS',
    type: { kind: 'boolean' },
    default: 'false',
    summary:
      'Whether a line with metrics for CloudWatch (embedded metric format) goes to standard output each minute.',
  },
] as const satisfies readonly Setting[]

type Row = (typeof settingsTable)[number]
export type SettingName = Row['name']

/** What the product file decides where there is one. */
export const identityNames = [
  'SIDECAR_ROUTE',
  'SIDECAR_PUBLIC_KEY_FILE',
  'SIDECAR_PUBLIC_KEY_VERSION',
  'SIDECAR_DIMENSIONS',
] as const satisfies readonly SettingName[]

/** The allowed values of a type in words. */
export function rangeOf(type: SettingType): string {
  switch (type.kind) {
    case 'host:port':
      return type.loopbackOnly
        ? 'host:port with 127.0.0.1, another 127.x.x.x, [::1] or localhost'
        : 'host:port with an IP address ([...] around IPv6) or localhost'
    case 'directory':
      return 'the absolute path of a directory'
    case 'path':
    case 'secret-file':
      return 'the absolute path of a file'
    case 'integer':
      return `${type.min} to ${type.max}${type.unit === '' ? '' : ` ${type.unit}`}`
    case 'boolean':
      return 'true or false'
    case 'choice':
      return type.choices.join(', ')
    case 'url':
      return 'an http:// or https:// address without user, query or fragment'
    case 'list':
    case 'text':
      return type.range
  }
}
