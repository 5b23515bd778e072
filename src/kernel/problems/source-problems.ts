/** The problems of usage that comes from a source of its own; rows of the problem table. */
export const sourceProblems = {
  DimensionHasSource: {
    status: 422,
    title: 'The dimension comes from another source',
    awsName: 'InvalidUsageDimensionException',
    happened:
      'The product file says where the usage of the dimension comes from, and it is not this',
    todo: 'Report other dimensions, or remove `from` of the dimension in the product file',
  },
  NothingToScrape: {
    status: 409,
    title: 'No dimension comes from a metrics page',
    happened: 'In the product file, no dimension comes from a metrics page',
    todo: 'Report usage with `POST /v1/usage`, or add `from` to a dimension in the product file',
  },
  ScrapeFailed: {
    status: 503,
    title: 'The metrics page could not be counted',
    happened: 'The page did not answer, or it is not a metrics page that counts',
    todo: 'Look at the page yourself; `marketplace-sidecar doctor` reads it too',
  },
  InvalidOtlp: {
    status: 400,
    title: 'The metrics could not be read',
    happened: 'The body of `POST /v1/metrics` is not a metrics request of OTLP, or not gzip',
    todo: 'Send OTLP over HTTP, as protobuf or JSON',
  },
  NothingFromOtlp: {
    status: 409,
    title: 'No dimension comes from otlp',
    happened: 'In the product file, no dimension comes from OTLP',
    todo: 'Report usage with `POST /v1/usage`, or add `from` to a dimension in the product file',
  },
  ReadingsFull: {
    status: 507,
    title: 'The hour has no room for further readings',
    happened:
      'The hour has as many distinct members or readings of the dimension as `SIDECAR_MAX_READINGS` allows; known members are still accepted',
    todo: 'Raise `SIDECAR_MAX_READINGS`, or use fewer tag sets',
  },
} as const
