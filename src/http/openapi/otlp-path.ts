import type { OpenApiOperation } from './openapi-operation.ts'
import { commonCodes, responsesOf, type OpenApiResponse } from './openapi-responses.ts'

const bytes = { schema: { type: 'string', format: 'binary' } }

const partialSuccess = {
  type: 'object',
  properties: {
    partialSuccess: {
      type: 'object',
      required: ['rejectedDataPoints', 'errorMessage'],
      properties: {
        rejectedDataPoints: { type: 'string', pattern: '^\\d+$' },
        errorMessage: { type: 'string' },
      },
    },
  },
}

const rejectedExample = {
  partialSuccess: {
    rejectedDataPoints: '1',
    errorMessage:
      'requests: app.requests is a histogram; count with a counter, or measure with a gauge (1)',
  },
}

const status = {
  type: 'object',
  required: ['code', 'message'],
  properties: {
    code: { type: 'integer', description: 'The code of gRPC.' },
    message: { type: 'string', description: 'Begins with the code of the problem.' },
  },
}

const failure: OpenApiResponse = {
  description: 'google.rpc.Status, in the encoding of the request.',
  content: {
    'application/json': { schema: status },
    'application/x-protobuf': bytes,
  },
}

/** `POST /v1/metrics`, in the forms that OTLP over HTTP has. */
export const postMetrics: OpenApiOperation = {
  operationId: 'exportMetrics',
  summary: 'Count what an OpenTelemetry SDK or Collector sends',
  description:
    'OTLP over HTTP: ExportMetricsServiceRequest as protobuf or JSON, packed with gzip or not, of 4 MiB at most when unpacked.',
  tags: ['usage'],
  requestBody: {
    required: true,
    content: {
      'application/x-protobuf': bytes,
      'application/json': {
        schema: { type: 'object', properties: { resourceMetrics: { type: 'array' } } },
        examples: { nothing: { value: { resourceMetrics: [] } } },
      },
    },
  },
  responses: responsesOf(
    {
      200: {
        description: 'Everything that is not rejected is on disk.',
        content: {
          'application/json': {
            schema: partialSuccess,
            examples: { all: { value: {} }, rejected: { value: rejectedExample } },
          },
          'application/x-protobuf': bytes,
        },
      },
      ...Object.fromEntries(
        [400, 401, 403, 409, 413, 415, 500, 503].map((each) => [each, failure]),
      ),
    },
    [
      'InvalidOtlp',
      'NothingFromOtlp',
      'BodyTooLarge',
      'UnsupportedMediaType',
      'LedgerBusy',
      'LedgerFailed',
      'LedgerNotWritable',
      'LedgerOpening',
      'DatabaseUnavailable',
      'DatabaseNotUsable',
      'DatabaseOutcomeUnknown',
      'PlatformUnknown',
      ...commonCodes,
    ],
  ),
}
