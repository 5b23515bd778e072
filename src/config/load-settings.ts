import { SidecarError } from '../kernel/errors.ts'
import type { Product } from '../product/product.ts'
import type { TextReader } from '../kernel/read-text.ts'
import { readGivenFile, resolveProduct } from './resolve-product.ts'
import { SettingValues } from './setting-values.ts'
import type { Environment, HostPort, Settings } from './settings.ts'
import type { ReportMistake } from '../kernel/mistakes.ts'
import type { SettingName } from './settings-table.ts'
import { reportUnknownNames } from './unknown-names.ts'

/** Settings together with where they came from. */
export interface LoadedSettings extends Settings {
  /** The product file that was used; undefined when the environment describes the product. */
  readonly productFile: string | undefined
  /** What the environment gave, as it gave it. */
  readonly given: ReadonlyMap<SettingName, string>
}

export interface LoadSettingsOptions {
  /** Where the image keeps its product file. */
  readonly bakedProductFile?: string
}

export const defaultBakedProductFile = '/etc/marketplace-sidecar/product.json'

/**
 * Reads every setting, frozen, or throws one SidecarError `InvalidSettings` whose message lists each
 * mistake on a line of its own: what was given, what is allowed, what to do.
 */
export function loadSettings(
  env: Environment,
  reader: TextReader,
  options: LoadSettingsOptions = {},
): LoadedSettings {
  const mistakes: string[] = []
  const settings = readSettings(env, reader, (line) => mistakes.push(line), options)
  if (settings === undefined) throw invalidSettings(mistakes)
  return settings
}

/** As `loadSettings`, with the mistakes reported one by one. Undefined only after a report. */
export function readSettings(
  env: Environment,
  reader: TextReader,
  tell: ReportMistake,
  { bakedProductFile = defaultBakedProductFile }: LoadSettingsOptions = {},
): LoadedSettings | undefined {
  let sound = true
  const report: ReportMistake = (line) => {
    sound = false
    tell(line)
  }
  reportUnknownNames(env, report)
  const values = new SettingValues(env, report)
  const resolved = resolveProduct(values, reader, bakedProductFile, report)
  const apiToken = readToken(values, reader, report)
  checkTogether(values, report)
  if (resolved === undefined || !sound) return undefined
  return Object.freeze({
    listen: Object.freeze(values.get('SIDECAR_LISTEN')),
    opsListen: Object.freeze(values.get('SIDECAR_OPS_LISTEN')),
    dataDir: values.get('SIDECAR_DATA_DIR'),
    product: freezeProduct(resolved.product),
    awsEndpoint: values.get('SIDECAR_AWS_ENDPOINT'),
    region: values.get('SIDECAR_REGION'),
    awsTimeoutMs: values.get('SIDECAR_AWS_TIMEOUT_MS'),
    failMode: values.get('SIDECAR_FAIL_MODE'),
    graceMs: values.get('SIDECAR_GRACE_SECONDS') * 1000,
    sealDelayMs: values.get('SIDECAR_SEAL_DELAY_SECONDS') * 1000,
    submitSpreadMs: values.get('SIDECAR_SUBMIT_SPREAD_SECONDS') * 1000,
    lateUsage: values.get('SIDECAR_LATE_USAGE'),
    zeroRecords: values.get('SIDECAR_ZERO_RECORDS'),
    flushOnShutdown: values.get('SIDECAR_FLUSH_ON_SHUTDOWN'),
    drainQuietMs: values.get('SIDECAR_DRAIN_QUIET_MS'),
    drainDelayMs: values.get('SIDECAR_DRAIN_DELAY_MS'),
    shutdownTimeoutMs: values.get('SIDECAR_SHUTDOWN_TIMEOUT_MS'),
    apiToken,
    bodyLimitBytes: values.get('SIDECAR_BODY_LIMIT_BYTES'),
    maxConnections: values.get('SIDECAR_MAX_CONNECTIONS'),
    requestTimeoutMs: values.get('SIDECAR_REQUEST_TIMEOUT_MS'),
    maxTagSets: values.get('SIDECAR_MAX_TAG_SETS'),
    logLevel: values.get('SIDECAR_LOG_LEVEL'),
    embeddedMetrics: values.get('SIDECAR_EMBEDDED_METRICS'),
    productFile: resolved.file,
    given: values.given,
  })
}

/** The one error for all mistakes. */
export function invalidSettings(mistakes: readonly string[]): SidecarError {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`
  const head = `The settings have ${count}; docs/configuration.md describes every one:`
  return new SidecarError(
    'InvalidSettings',
    [head, ...mistakes.map((line) => `- ${line}`)].join('\n'),
  )
}

function freezeProduct(product: Product): Product {
  const dimensions = product.dimensions.map((dimension) => Object.freeze(dimension))
  return Object.freeze({ ...product, dimensions: Object.freeze(dimensions) })
}

function readToken(
  values: SettingValues,
  reader: TextReader,
  report: ReportMistake,
): string | undefined {
  const name = 'SIDECAR_API_TOKEN_FILE'
  const path = values.get(name)
  if (path === undefined) return undefined
  const token = readGivenFile(name, path, reader, report)?.trim()
  if (token !== undefined && !/^[!-~]{16,1024}$/.test(token)) {
    report(
      `${name}: the token in ${path} is not allowed; give 16 to 1024 visible ASCII characters ` +
        'without blanks, such as the output of: openssl rand -hex 32',
    )
  }
  return token
}

/** Mistakes that no setting has alone. */
function checkTogether(values: SettingValues, report: ReportMistake): void {
  const drain = values.get('SIDECAR_DRAIN_DELAY_MS')
  const shutdown = values.get('SIDECAR_SHUTDOWN_TIMEOUT_MS')
  const timesAreSound = values.areSound('SIDECAR_DRAIN_DELAY_MS', 'SIDECAR_SHUTDOWN_TIMEOUT_MS')
  if (timesAreSound && shutdown < drain) {
    report(
      `SIDECAR_SHUTDOWN_TIMEOUT_MS: ${shutdown} is less than SIDECAR_DRAIN_DELAY_MS, ${drain}, which ` +
        'is a part of it; raise the first or lower the second',
    )
  }
  const opens = values.get('SIDECAR_FAIL_MODE') === 'open'
  if (
    opens &&
    values.areSound('SIDECAR_GRACE_SECONDS') &&
    values.get('SIDECAR_GRACE_SECONDS') === 0
  ) {
    report(
      'SIDECAR_GRACE_SECONDS: 0 leaves SIDECAR_FAIL_MODE=open no time to be open in; raise the first ' +
        'or remove the second',
    )
  }
  const listen = values.get('SIDECAR_LISTEN')
  const ops = values.get('SIDECAR_OPS_LISTEN')
  if (!values.areSound('SIDECAR_LISTEN')) return
  if (values.areSound('SIDECAR_OPS_LISTEN') && takeTheSamePort(listen, ops)) {
    report(`SIDECAR_OPS_LISTEN: port ${ops.port} is also that of SIDECAR_LISTEN; change one`)
  }
  const endpoint = values.get('SIDECAR_AWS_ENDPOINT')
  if (endpoint !== undefined && pointsAt(endpoint, listen)) {
    report(
      `SIDECAR_AWS_ENDPOINT: ${endpoint} is the sidecar itself, which would call itself for ever; ` +
        "give AWS's or the emulator's address, or remove it",
    )
  }
}

function takeTheSamePort(listen: HostPort, ops: HostPort): boolean {
  const overlap =
    ['0.0.0.0', '::', listen.host].includes(ops.host) ||
    (isOwnLoopback(ops.host) && isOwnLoopback(listen.host))
  return listen.port !== 0 && listen.port === ops.port && overlap
}

function pointsAt(endpoint: string, listen: HostPort): boolean {
  const url = new URL(endpoint)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port)
  return port === listen.port && (host === listen.host || isOwnLoopback(host))
}

/** The app listener takes 127.0.0.1 and ::1 both, whichever of them is set. */
function isOwnLoopback(host: string): boolean {
  return ['127.0.0.1', '::1', 'localhost'].includes(host)
}
