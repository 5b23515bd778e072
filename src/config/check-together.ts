import type { ReportMistake } from '../kernel/schema/mistakes.ts'
import { isLoopback } from '../kernel/text/is-loopback.ts'
import type { HostPort } from './settings/setting-type.ts'
import type { SettingValues } from './settings/setting-values.ts'

/** Reports the mistakes that no setting has alone. A setting that is wrong is not compared. */
export function checkTogether(values: SettingValues, report: ReportMistake): void {
  checkTimes(values, report)
  checkAddresses(values, report)
  checkDatabase(values, report)
  checkScrape(values, report)
}

function checkTimes(values: SettingValues, report: ReportMistake): void {
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
  const graceIsSound = values.areSound('SIDECAR_GRACE_SECONDS')
  if (opens && graceIsSound && values.get('SIDECAR_GRACE_SECONDS') === 0) {
    report(
      'SIDECAR_GRACE_SECONDS: 0 leaves SIDECAR_FAIL_MODE=open without effect; raise the first ' +
        'or remove the second',
    )
  }
}

function checkDatabase({ given }: SettingValues, report: ReportMistake): void {
  if (given.has('SIDECAR_DATABASE_URL') && given.has('SIDECAR_DATABASE_URL_FILE'))
    report('SIDECAR_DATABASE_URL: SIDECAR_DATABASE_URL_FILE is set as well; remove one of them')
}

/** What is billed comes from this machine alone: any other page could be someone else's. */
function checkScrape(values: SettingValues, report: ReportMistake): void {
  const page = values.get('SIDECAR_SCRAPE_URL')
  if (page === undefined || !values.areSound('SIDECAR_SCRAPE_URL')) return
  const { protocol, hostname } = new URL(page)
  if (protocol !== 'http:' || !isLoopback(hostname))
    report(
      `SIDECAR_SCRAPE_URL: ${page} is not on this machine; give an http:// address with localhost, 127.0.0.1 or [::1]`,
    )
}

function checkAddresses(values: SettingValues, report: ReportMistake): void {
  const listen = values.get('SIDECAR_LISTEN')
  const ops = values.get('SIDECAR_OPS_LISTEN')
  if (!values.areSound('SIDECAR_LISTEN')) return
  if (values.areSound('SIDECAR_OPS_LISTEN') && haveTheSamePort(listen, ops)) {
    report(`SIDECAR_OPS_LISTEN: port ${ops.port} is also that of SIDECAR_LISTEN; change one`)
  }
  const endpoint = values.get('SIDECAR_AWS_ENDPOINT')
  if (endpoint !== undefined && pointsAt(endpoint, listen)) {
    report(
      `SIDECAR_AWS_ENDPOINT: ${endpoint} is the sidecar itself, which would call itself indefinitely; ` +
        'give the address of AWS or of the emulator, or remove it',
    )
  }
}

function haveTheSamePort(listen: HostPort, ops: HostPort): boolean {
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

/** Whichever of 127.0.0.1 and ::1 is set, the application's listener listens on both. */
function isOwnLoopback(host: string): boolean {
  return ['127.0.0.1', '::1', 'localhost'].includes(host)
}
