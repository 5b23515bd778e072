import { awsLimits } from '../metering/aws-limits.ts'
import type { ModelErrorName } from '../protocol/service-errors.ts'
import type { FailureKind } from './metering-api.ts'

/** What one error means. */
export interface FailureRow {
  readonly kind: FailureKind
  /** AWS may have done what was asked. Only an answer or an unsent request rules that out. */
  readonly ambiguous: boolean
  /** What to do. `{operation}` stands for the operation that was called. */
  readonly advice: string
}

const roles =
  'on ECS the task role, on EKS the role of the service account (IRSA); AWS refuses EKS Pod Identity, the node role and access keys'

const passes = 'This passes by itself; the call is repeated.'
const unreachable =
  'Check that the task or pod can reach the metering endpoint: a NAT gateway, or the VPC endpoint com.amazonaws.<region>.metering-marketplace with private DNS and a security group that lets port 443 in. The call is repeated.'
const unreachableHere =
  'Nothing answers at SIDECAR_AWS_ENDPOINT, which is an address of this machine: start the emulator there, or correct the setting. The call is repeated.'
const untrusted =
  'The certificate of the endpoint is not trusted: check SIDECAR_AWS_ENDPOINT, or add the proxy’s CA with NODE_EXTRA_CA_CERTS. The call is repeated.'
const permission = `Allow aws-marketplace:{operation} on Resource "*" for the role that the sidecar uses: ${roles}. An explicit deny in an SCP or a permissions boundary also counts.`
const identity = `AWS does not know or accept the credentials. Use ${roles}.`
const signature = `The request’s signature was refused: check the machine’s clock, that no proxy changes requests, and that no access keys are set in the environment. Use ${roles}.`
const noCredentials = `The sidecar found no usable credentials. Give it a role: ${roles}. The emulator accepts any AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`
const webIdentity =
  'STS refused the service account’s token: check the role’s trust policy (OIDC provider of this cluster, the subject system:serviceaccount:<namespace>:<name>, audience sts.amazonaws.com) and the annotation eks.amazonaws.com/role-arn.'
const region =
  'The region of the endpoint must be the one in which the task or pod runs: remove AWS_REGION, SIDECAR_REGION or SIDECAR_AWS_ENDPOINT where they name another.'
const subscribe =
  'Subscribe to the product on its page in AWS Marketplace with the AWS account that runs this task or pod, or renew the subscription there, and start the task or pod again.'
const clock =
  'The machine’s clock is wrong by minutes: check its time service. The next call is signed with AWS’s time.'
const saas =
  'This error belongs to SaaS listings, which this call does not serve: check the product’s type.'
const malformed =
  'AWS could not read the request: update the sidecar, and report this with its version if it persists.'

const throttled: FailureRow = { kind: 'throttled', ambiguous: false, advice: passes }
const serverFault: FailureRow = { kind: 'unavailable', ambiguous: true, advice: passes }
const neverConnected: FailureRow = { kind: 'unavailable', ambiguous: false, advice: unreachable }
const brokenOff: FailureRow = { kind: 'unavailable', ambiguous: true, advice: unreachable }
const badCertificate: FailureRow = { kind: 'unavailable', ambiguous: false, advice: untrusted }

/** A refusal that AWS answered, so that nothing was done. */
function answered(kind: FailureKind, advice: string): FailureRow {
  return { kind, ambiguous: false, advice }
}

const modelErrorRows: Readonly<Record<ModelErrorName, FailureRow>> = {
  CustomerNotEntitledException: answered('not-entitled', subscribe),
  DisabledApiException: answered(
    'misconfigured',
    `AWS has switched {operation} off in this region. ${region}`,
  ),
  DuplicateRequestException: answered(
    'duplicate',
    'AWS already has another quantity for this dimension and hour: check that nothing else in this task or pod sends metering records.',
  ),
  ExpiredTokenException: answered('invalid', saas),
  IdempotencyConflictException: answered(
    'conflict',
    'The client token was used for another request: check that no other sidecar of this task or pod sends the same records.',
  ),
  InternalServiceErrorException: serverFault,
  InvalidCustomerIdentifierException: answered('invalid', saas),
  InvalidEndpointRegionException: answered('misconfigured', region),
  InvalidLicenseException: answered('invalid', saas),
  InvalidProductCodeException: answered(
    'misconfigured',
    'The product code does not belong to a container product of this listing: compare productCode in the product file with the portal.',
  ),
  InvalidPublicKeyVersionException: answered(
    'misconfigured',
    'Compare the versions in publicKeys of the product file with the key version that the portal shows.',
  ),
  InvalidRegionException: answered('misconfigured', region),
  InvalidTagException: answered(
    'invalid',
    `At most ${awsLimits.tagsPerAllocation} tags with the characters ${awsLimits.tagCharacters} are allowed: check the tags that the application reports.`,
  ),
  InvalidTokenException: answered('invalid', saas),
  InvalidUsageAllocationsException: answered(
    'invalid',
    'The quantities of the tag sets do not add up to the record’s: report this with the sidecar’s version.',
  ),
  InvalidUsageDimensionException: answered(
    'invalid',
    'Compare the dimension’s name in the product file with the API identifier in the portal; display names do not work.',
  ),
  PlatformNotSupportedException: answered(
    'misconfigured',
    `AWS accepts this call only from an ECS task or an EKS pod, and only with its own role: run the product there (the emulator is for local work), and use ${roles}.`,
  ),
  ThrottlingException: throttled,
  TimestampOutOfBoundsException: answered(
    'out-of-window',
    'Either the hour is too old for AWS, as it is after an outage, or the clock is wrong: check the machine’s clock.',
  ),
}

const generalErrorRows: Readonly<Record<string, FailureRow>> = {
  // in AWS's prose, not in its model
  CustomerNotSubscribedException: answered('not-entitled', subscribe),
  // to a dry run it means yes; for any other call it means that nothing was done
  DryRunOperation: answered(
    'invalid',
    'DryRun was asked for, so nothing was recorded: leave DryRun out to record usage.',
  ),
  // permission
  AccessDenied: answered('credentials', permission),
  AccessDeniedException: answered('credentials', permission),
  NotAuthorized: answered('credentials', permission),
  UnauthorizedException: answered('credentials', permission),
  UnauthorizedOperation: answered('credentials', permission),
  // identity
  ExpiredToken: answered('credentials', identity),
  IncompleteSignature: answered('credentials', signature),
  IncompleteSignatureException: answered('credentials', signature),
  InvalidAccessKeyId: answered('credentials', identity),
  InvalidClientTokenId: answered('credentials', identity),
  InvalidSignatureException: answered('credentials', signature),
  MissingAuthenticationToken: answered('credentials', identity),
  MissingAuthenticationTokenException: answered('credentials', identity),
  OptInRequired: answered('credentials', 'Switch this region on for the AWS account.'),
  SignatureDoesNotMatch: answered('credentials', signature),
  UnrecognizedClientException: answered('credentials', identity),
  // time
  RequestExpired: answered('unavailable', clock),
  RequestTimeTooSkewed: answered('unavailable', clock),
  // load
  RequestLimitExceeded: throttled,
  SlowDown: throttled,
  ThrottledException: throttled,
  Throttling: throttled,
  TooManyRequestsException: throttled,
  InternalFailure: serverFault,
  InternalServerError: serverFault,
  InternalServerException: serverFault,
  RequestTimeout: serverFault,
  RequestTimeoutException: serverFault,
  ServiceUnavailable: serverFault,
  ServiceUnavailableException: serverFault,
  // form
  InvalidAction: answered('invalid', malformed),
  InvalidParameterCombination: answered('invalid', malformed),
  InvalidParameterValue: answered('invalid', malformed),
  InvalidQueryParameter: answered('invalid', malformed),
  MalformedHttpRequestException: answered('invalid', malformed),
  MalformedQueryString: answered('invalid', malformed),
  MissingAction: answered('invalid', malformed),
  MissingParameter: answered('invalid', malformed),
  // AWS says that the request was aborted, and not when.
  RequestAbortedException: serverFault,
  ValidationError: answered('invalid', malformed),
  RequestEntityTooLargeException: answered('invalid', malformed),
  SerializationException: answered('invalid', malformed),
  UnknownOperationException: answered(
    'misconfigured',
    'The endpoint does not know {operation}: check SIDECAR_AWS_ENDPOINT.',
  ),
  ValidationException: answered('invalid', malformed),
}

/** These arise before a request is signed, so it never went out. */
const credentialErrorRows: Readonly<Record<string, FailureRow>> = {
  CredentialsProviderError: answered('credentials', noCredentials),
  EACCES: answered(
    'credentials',
    'The sidecar’s user may not read its token file: set fsGroup in the pod’s securityContext to the group of that user.',
  ),
  ENOENT: answered('credentials', `The token file does not exist. ${webIdentity}`),
  IDPCommunicationError: answered('unavailable', passes),
  IDPRejectedClaim: answered('credentials', webIdentity),
  InvalidIdentityToken: answered('credentials', webIdentity),
  InvalidIdentityTokenException: answered('credentials', webIdentity),
  ProviderError: answered('credentials', noCredentials),
  RegionDisabledException: answered('credentials', 'Switch STS on in this region for the account.'),
  TokenProviderError: answered('credentials', noCredentials),
}

const networkErrorRows: Readonly<Record<string, FailureRow>> = {
  // no connection, as the phase says
  ConnectTimeout: neverConnected,
  TlsHandshakeFailed: neverConnected,
  // no trusted connection
  CERT_HAS_EXPIRED: badCertificate,
  CERT_NOT_YET_VALID: badCertificate,
  CERT_REVOKED: badCertificate,
  CERT_SIGNATURE_FAILURE: badCertificate,
  CERT_UNTRUSTED: badCertificate,
  DEPTH_ZERO_SELF_SIGNED_CERT: badCertificate,
  ERR_TLS_CERT_ALTNAME_INVALID: badCertificate,
  SELF_SIGNED_CERT_IN_CHAIN: badCertificate,
  UNABLE_TO_GET_ISSUER_CERT: badCertificate,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: badCertificate,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: badCertificate,
  // Whether the request may have gone out depends on the phase, which is looked at first: here a code
  // says nothing of it.
  AbortError: brokenOff,
  EADDRNOTAVAIL: brokenOff,
  EAI_AGAIN: brokenOff,
  EAI_FAIL: brokenOff,
  EAI_NODATA: brokenOff,
  ECONNABORTED: brokenOff,
  ECONNREFUSED: brokenOff,
  ECONNRESET: brokenOff,
  EHOSTDOWN: brokenOff,
  EHOSTUNREACH: brokenOff,
  EMFILE: brokenOff,
  ENETDOWN: brokenOff,
  ENETUNREACH: brokenOff,
  ENOTFOUND: brokenOff,
  EPIPE: brokenOff,
  EPROTO: brokenOff,
  ETIMEDOUT: brokenOff,
  TimeoutError: brokenOff,
}

/** Has a row for every known error name and network code. */
export const failureTable: ReadonlyMap<string, FailureRow> = new Map(
  [modelErrorRows, generalErrorRows, credentialErrorRows, networkErrorRows].flatMap((part) =>
    Object.entries(part),
  ),
)

/** What to do where the endpoint is an address of this machine; no other network lies in between. */
export function onThisMachine(row: FailureRow): FailureRow {
  return row.advice === unreachable ? { ...row, advice: unreachableHere } : row
}

/** For a connection that never opened, for any reason. */
export const neverConnectedRow = neverConnected

/** For an answer of 429 with an unknown name. */
export const throttledRow = throttled

/** For an answer of 5xx with an unknown name. */
export const serverFaultRow = serverFault

/** For a failure before a request was signed: there were no credentials to sign it with. */
export const noCredentialsRow = answered('credentials', noCredentials)

/** For an STS that refused to give credentials. */
export const webIdentityRow = answered('credentials', webIdentity)

/** For an STS that was unreachable or did not answer. */
export const stsUnreachableRow = answered(
  'unavailable',
  'The service that gives the role’s credentials did not answer: check that the task or pod can reach STS (a NAT gateway, or the VPC endpoint com.amazonaws.<region>.sts) or the ECS credentials endpoint. The call is repeated.',
)

/** For an answer without the name of an error: a redirect, a page of a proxy. AWS may have done what was asked. */
export const namelessRow: FailureRow = {
  kind: 'unavailable',
  ambiguous: true,
  advice:
    'The answer does not have AWS’s form: find out what answers in AWS’s place, such as a proxy or a wrong SIDECAR_AWS_ENDPOINT. The call is repeated.',
}

/** For everything else: it may pass, and AWS may have done what was asked. */
export const unknownRow: FailureRow = {
  kind: 'unavailable',
  ambiguous: true,
  advice: 'The sidecar does not know this error; the call is repeated. Report it if it persists.',
}
