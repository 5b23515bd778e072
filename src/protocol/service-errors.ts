import { fail, type Result } from '../kernel/result.ts'

const clientError = 400

/** The errors of the service model, each with its HTTP status. */
export const modelErrors = {
  CustomerNotEntitledException: clientError,
  DisabledApiException: clientError,
  DuplicateRequestException: clientError,
  ExpiredTokenException: clientError,
  IdempotencyConflictException: 409,
  InternalServiceErrorException: 500,
  InvalidCustomerIdentifierException: clientError,
  InvalidEndpointRegionException: clientError,
  InvalidLicenseException: clientError,
  InvalidProductCodeException: clientError,
  InvalidPublicKeyVersionException: clientError,
  InvalidRegionException: clientError,
  InvalidTagException: clientError,
  InvalidTokenException: clientError,
  InvalidUsageAllocationsException: clientError,
  InvalidUsageDimensionException: clientError,
  PlatformNotSupportedException: clientError,
  ThrottlingException: clientError,
  TimestampOutOfBoundsException: clientError,
} as const

/**
 * Errors that any AWS service may answer, next to those of its model: the common errors of the API
 * reference, and what was seen. Most occur with and without `Exception` at the end.
 */
export const generalErrors = {
  AccessDeniedException: clientError,
  CustomerNotSubscribedException: clientError,
  DryRunOperation: clientError,
  ExpiredToken: clientError,
  IncompleteSignatureException: clientError,
  InternalFailure: 500,
  InvalidAction: clientError,
  InvalidClientTokenId: 403,
  InvalidParameterCombination: clientError,
  InvalidParameterValue: clientError,
  InvalidQueryParameter: clientError,
  InvalidSignatureException: clientError,
  MalformedHttpRequestException: clientError,
  MalformedQueryString: 404,
  MissingAction: clientError,
  MissingAuthenticationToken: 403,
  MissingAuthenticationTokenException: clientError,
  MissingParameter: clientError,
  NotAuthorized: clientError,
  OptInRequired: 403,
  RequestAbortedException: clientError,
  RequestEntityTooLargeException: 413,
  RequestExpired: clientError,
  RequestTimeoutException: 408,
  SerializationException: clientError,
  ServiceUnavailableException: 503,
  SignatureDoesNotMatch: 403,
  UnauthorizedException: clientError,
  UnknownOperationException: clientError,
  UnrecognizedClientException: clientError,
  ValidationError: clientError,
  ValidationException: clientError,
} as const

export type ModelErrorName = keyof typeof modelErrors
export type GeneralErrorName = keyof typeof generalErrors
export type ServiceErrorName = ModelErrorName | GeneralErrorName

const statuses = new Map<string, number>(Object.entries({ ...modelErrors, ...generalErrors }))

/** An error with which the service answers, one of `N`. */
export interface ServiceFailure<N extends ServiceErrorName = ServiceErrorName> {
  readonly name: N
  readonly message: string
}

/** The value of a step of the protocol, or the error to answer. */
export type ServiceResult<T, N extends ServiceErrorName = ServiceErrorName> = Result<
  T,
  ServiceFailure<N>
>

/** Returns a failure that is answered as the error `name`. */
export function serviceError<N extends ServiceErrorName>(
  name: N,
  message: string,
): ServiceResult<never, N> {
  return fail({ name, message })
}

/** Reports whether the service, or AWS in general, has an error of this name, in either spelling. */
export function isServiceErrorName(name: string): name is ServiceErrorName {
  return statusOf(name) !== undefined
}

/** Returns the HTTP status of an error; 400 for an unknown name. */
export function errorStatus(name: string): number {
  return statusOf(name) ?? clientError
}

/** Returns the name with `Exception` at the end, or without where it has that. */
export function otherSpelling(name: string): string {
  const suffix = 'Exception'
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : name + suffix
}

function statusOf(name: string): number | undefined {
  return statuses.get(name) ?? statuses.get(otherSpelling(name))
}
