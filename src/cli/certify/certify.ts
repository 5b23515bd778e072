import { toIso } from '../../kernel/clock.ts'
import { fail, succeed, type Result } from '../../kernel/result.ts'
import { hourMs } from '../../metering/hour.ts'
import { awaitRecords, judgeRecords, type RecordOutcome } from './await-records.ts'
import { planCertify, planWords, type CertifyPlan, type PlannedUsage } from './certify-plan.ts'
import type { Diagnosis } from '../../doctor/diagnosis.ts'
import { hasCustomers, routeOf } from '../../product/routes.ts'
import { remainingSteps } from './remaining-steps.ts'
import { reportPlannedUsage, type RecordedUsage } from './report-planned-usage.ts'
import { appUrl, askEntitlement, parseEntitlement } from '../../doctor/running-sidecar.ts'

interface CertifyOptions {
  readonly diagnosis: Diagnosis
  /** AWS's whole units of each dimension. */
  readonly units: number
  /** Whether the operator agreed to the bill. Without that nothing is sent. */
  readonly agreed: boolean
  /** Whether to wait until AWS has decided about every record. */
  readonly wait: boolean
  /** Whether a check has failed. */
  readonly failed: boolean
  /** Receives a message before a wait begins. */
  readonly onWaiting: (message: string) => void
}

export interface Certified {
  readonly status: 'pass' | 'warn' | 'fail'
  /** What was done, or why nothing was. */
  readonly message: string
  readonly plan: readonly PlannedUsage[]
  readonly reported: readonly RecordedUsage[]
  /** Empty unless `wait` was set. */
  readonly outcomes: readonly RecordOutcome[]
  readonly remaining: readonly string[]
}

const nothingPlanned: CertifyPlan = { reports: [], leftToApplication: [] }

/** Added to the longest that a record waits: an hour, and the two delays. */
const reserveMs = 15 * 60_000

/**
 * Sends what AWS requires of a container product before its listing goes public: a record of every
 * dimension, as far as reports can give it one. The usage goes to the running sidecar, because only that may send records here.
 */
export async function certify(options: CertifyOptions): Promise<Certified> {
  const { diagnosis, units, agreed, wait, onWaiting } = options
  const { product } = diagnosis
  const { reports: plan, leftToApplication } =
    product === undefined ? nothingPlanned : planCertify(product, units)
  const remaining = [...leftToApplication, ...(await remainingSteps(diagnosis))]
  const end = (status: Certified['status'], message: string, more: Partial<Certified> = {}) => ({
    status,
    message,
    plan,
    reported: [],
    outcomes: [],
    remaining,
    ...more,
  })
  if (options.failed) return end('fail', 'Nothing was sent. Fix what failed above first.')
  if (product !== undefined && routeOf(product.route).channel === undefined)
    return end(
      'pass',
      `The route ${product.route} sends no records: RegisterUsage, called above, is the step.`,
    )
  if (product !== undefined && hasCustomers(product.route))
    return end(
      'warn',
      `Nothing was sent: on the route ${product.route} usage is a customer's. Register an AWS account of yours as a customer, report its usage with POST /v1/usage, and see its records with "ledger show".`,
    )
  if (product !== undefined && plan.length === 0)
    return end('warn', 'Nothing was sent: no dimension of this product takes a report. See below.')
  const target = await findSidecar(diagnosis)
  if (!target.ok) return end('fail', `Nothing was sent: ${target.failure}`)
  const url = target.value
  const bill = `${planWords(plan)}, on top of what the application reports`
  if (!agreed)
    return end(
      'fail',
      `Nothing was sent. With --yes this bills the buyer ${bill}. --quantity sets another number.`,
    )
  const report = await reportPlannedUsage(diagnosis, url, plan)
  if (!report.ok) return end('fail', report.failure)

  const reported = report.value
  const message = `${reportedWords(reported, bill)} ${timeWords(diagnosis, reported)}`
  if (!wait) return end('pass', `${message} See it in GET ${url}/v1/usage.`, { reported })
  onWaiting(`${message} Waiting for AWS.`)
  const longestMs = hourMs + delaysOf(diagnosis).latest + reserveMs
  const outcomes = await awaitRecords(diagnosis, url, reported, longestMs)
  return end(...judgeRecords(outcomes), { reported, outcomes })
}

/** Returns the URL of the running sidecar for this product, or a clause that says why there is none. */
async function findSidecar(diagnosis: Diagnosis): Promise<Result<string, string>> {
  const url = appUrl(diagnosis)
  const answer = url === undefined ? undefined : await askEntitlement(diagnosis, url)
  const running = answer?.ok === true ? parseEntitlement(answer.value.text) : undefined
  if (url === undefined || running === undefined)
    return fail(
      'no sidecar runs at SIDECAR_LISTEN, and only a running one may send records. Start it, and run this next to it.',
    )
  const productCode = diagnosis.product?.productCode
  return running.productCode === productCode
    ? succeed(url)
    : fail(
        `the running sidecar is for the product ${running.productCode}, and the settings here name ${productCode}.`,
      )
}

function reportedWords(reported: readonly RecordedUsage[], bill: string): string {
  const old = reported.filter(({ duplicate }) => duplicate).length
  if (old === reported.length)
    return 'All of this was already reported in the last 24 hours, and was not counted again.'
  const some =
    old === 0 ? '' : ` ${old} of them had already been reported, and were not counted again.`
  return `Reported to the sidecar, which bills ${bill}.${some}`
}

function delaysOf({ values }: Diagnosis): { earliest: number; latest: number } {
  const earliest = values.get('SIDECAR_SEAL_DELAY_SECONDS') * 1000
  return { earliest, latest: earliest + values.get('SIDECAR_SUBMIT_SPREAD_SECONDS') * 1000 }
}

function timeWords(diagnosis: Diagnosis, reported: readonly RecordedUsage[]): string {
  const ends = Math.max(...reported.map(({ hour }) => hour)) + hourMs
  const { earliest, latest } = delaysOf(diagnosis)
  const stop = diagnosis.values.get('SIDECAR_FLUSH_ON_SHUTDOWN')
    ? ', or when the sidecar stops'
    : ''
  return `It reaches AWS between ${toIso(ends + earliest)} and ${toIso(ends + latest)}${stop}.`
}
