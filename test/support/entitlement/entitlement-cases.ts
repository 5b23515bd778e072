import type { Route } from '../../../src/product/routes.ts'
import type { Fault } from '../../../src/emulator/control/faults.ts'

export const casePlatforms = ['ecs', 'eks', 'local'] as const
export type CasePlatform = (typeof casePlatforms)[number]
export const caseRoutes = ['hourly', 'metered', 'both'] as const satisfies readonly Route[]

/** What stands in AWS's place. */
export type AwsStandIn =
  | { readonly kind: 'yes' }
  | { readonly kind: 'error'; readonly name: string; readonly operation?: Fault['operation'] }
  /** What else the network does. */
  | { readonly kind: 'refuses' | 'resets' | 'hangs' | 'other key' | 'other region' | 'no region' }

/** One row of the table in docs/explain/entitlement.md. */
export interface EntitlementCase {
  /** In the words of the page. */
  readonly answer: string
  readonly aws: AwsStandIn
  readonly platforms: readonly CasePlatform[]
  readonly routes: readonly Route[]
  readonly status: 200 | 403 | 503
  readonly code: string
  readonly state: 'entitled' | 'denied' | 'denied-by-iam' | 'unreachable'
  /** When AWS is called again: at once and then ever more slowly, or after 30 seconds or more. */
  readonly again: 'no' | 'soon' | 'slowly'
  /** The label of `marketplace_aws_request_duration_seconds`. */
  readonly outcome: string
}

type Differences = Partial<Omit<EntitlementCase, 'answer' | 'aws'>>

const anywhere = { platforms: casePlatforms, routes: caseRoutes }
const registering = ['hourly', 'both'] as const
const yes = {
  status: 200,
  code: 'Entitled',
  state: 'entitled',
  again: 'no',
  outcome: 'ok',
} as const
const denied = { status: 403, state: 'denied', again: 'no' } as const
const unreachable = { status: 503, state: 'unreachable' } as const

function error(
  name: string,
  meaning: Omit<Differences, 'code'> &
    Pick<EntitlementCase, 'status' | 'state' | 'again' | 'outcome'>,
  code = name,
): EntitlementCase {
  return { ...anywhere, answer: name, aws: { kind: 'error', name }, code, ...meaning }
}

const misconfigured = { ...denied, outcome: 'misconfigured' } as const
const invalid = { ...denied, outcome: 'invalid' } as const
const notEntitled = { ...denied, outcome: 'not-entitled' } as const
const credentials = {
  status: 503,
  state: 'denied-by-iam',
  again: 'slowly',
  outcome: 'credentials',
} as const
const unavailable = { ...unreachable, again: 'soon', outcome: 'unavailable' } as const
const throttled = { ...unreachable, again: 'soon', outcome: 'throttled' } as const

/** Platform, route and AWS's answer, and the sidecar's state for them. */
export const entitlementCases: readonly EntitlementCase[] = [
  { ...anywhere, answer: 'yes', aws: { kind: 'yes' }, ...yes },
  // the model
  error('CustomerNotEntitledException', notEntitled),
  error('DisabledApiException', misconfigured),
  error(
    'DuplicateRequestException',
    { ...yes, routes: ['metered'], outcome: 'duplicate' },
    'Entitled',
  ),
  error('DuplicateRequestException', {
    ...unreachable,
    routes: registering,
    again: 'slowly',
    outcome: 'duplicate',
  }),
  error('ExpiredTokenException', credentials, 'ExpiredToken'),
  error('IdempotencyConflictException', { ...unreachable, again: 'slowly', outcome: 'conflict' }),
  error('InternalServiceErrorException', unavailable),
  error('InvalidCustomerIdentifierException', invalid),
  error('InvalidEndpointRegionException', misconfigured),
  error('InvalidLicenseException', invalid),
  error('InvalidProductCodeException', misconfigured),
  error('InvalidPublicKeyVersionException', misconfigured),
  error('InvalidRegionException', misconfigured),
  error('InvalidTagException', invalid),
  error('InvalidTokenException', invalid),
  error('InvalidUsageAllocationsException', invalid),
  error('InvalidUsageDimensionException', invalid),
  error('PlatformNotSupportedException', misconfigured),
  error('ThrottlingException', throttled),
  error('TimestampOutOfBoundsException', {
    ...unreachable,
    again: 'slowly',
    outcome: 'out-of-window',
  }),
  // what any AWS service may answer
  error('AccessDeniedException', credentials),
  error('CustomerNotSubscribedException', notEntitled),
  error('DryRunOperation', { ...yes, routes: ['metered'] }, 'Entitled'),
  error('InvalidSignatureException', credentials),
  error('ServiceUnavailableException', unavailable),
  error('UnauthorizedException', credentials),
  error('UnknownOperationException', misconfigured),
  error('UnrecognizedClientException', credentials),
  error('ValidationException', invalid),
  // the second call of the route
  {
    ...error('CustomerNotEntitledException', notEntitled),
    answer: 'yes to RegisterUsage, CustomerNotEntitledException to MeterUsage',
    aws: { kind: 'error', name: 'CustomerNotEntitledException', operation: 'MeterUsage' },
    routes: ['both'],
  },
  {
    ...error('AccessDeniedException', credentials),
    answer: 'yes to RegisterUsage, AccessDeniedException to MeterUsage',
    aws: { kind: 'error', name: 'AccessDeniedException', operation: 'MeterUsage' },
    routes: ['both'],
  },
  // an invalid yes
  {
    ...anywhere,
    ...denied,
    answer: 'a token by another key',
    aws: { kind: 'other key' },
    routes: registering,
    code: 'TokenSignatureInvalid',
    outcome: 'ok',
  },
  // no answer
  {
    ...anywhere,
    ...unavailable,
    answer: 'refuses the connection',
    aws: { kind: 'refuses' },
    code: 'ECONNREFUSED',
  },
  {
    ...anywhere,
    ...unavailable,
    answer: 'resets the connection',
    aws: { kind: 'resets' },
    code: 'ECONNRESET',
  },
  {
    ...anywhere,
    ...unavailable,
    answer: 'does not answer in time',
    aws: { kind: 'hangs' },
    code: 'TimeoutError',
  },
  // not called
  {
    ...anywhere,
    ...denied,
    answer: 'not asked: the settings name another region',
    aws: { kind: 'other region' },
    platforms: ['ecs', 'eks'],
    code: 'RegionMismatch',
    outcome: 'none',
  },
  {
    ...anywhere,
    ...denied,
    answer: 'not asked: nothing names the region',
    aws: { kind: 'no region' },
    platforms: ['local'],
    code: 'RegionUnknown',
    outcome: 'none',
  },
]
