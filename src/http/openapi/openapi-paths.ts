import { contentType as awsJson, requestTarget } from '../../protocol/codec.ts'
import { operationNames } from '../../protocol/operations.ts'
import { maxWaitSeconds } from '../routes/entitlement-route.ts'
import {
  deniedExample,
  entitledExample,
  proofExample,
  receiptExample,
  reportExample,
  unreachableExample,
  usageExample,
} from './openapi-examples.ts'
import {
  commonCodes,
  needlessBodyCodes,
  responsesOf,
  type OpenApiResponse,
} from './openapi-responses.ts'
import { customerPaths } from './customer-paths.ts'
import { operatorPaths } from './operator-paths.ts'
import { postMetrics } from './otlp-path.ts'
import { json, type OpenApiOperation } from './openapi-operation.ts'
import { ref } from './openapi-schemas.ts'
import { idempotencyKeyPattern } from '../../sources/json/parse-usage.ts'
import type { ProblemCode } from '../../kernel/problems/problem-table.ts'
import { nonceForm } from '../routes/proof-route.ts'

type Paths = Readonly<
  Record<string, Readonly<Partial<Record<'get' | 'post' | 'put' | 'delete', OpenApiOperation>>>>
>

/** A document without data needs no token, so its route never answers Unauthorized. */
const publicCodes: readonly ProblemCode[] = commonCodes.filter((code) => code !== 'Unauthorized')

const getEntitlement: OpenApiOperation = {
  operationId: 'getEntitlement',
  summary: 'May the product run?',
  description: 'The body is the same whatever the status.',
  tags: ['entitlement'],
  parameters: [
    {
      name: 'wait',
      in: 'query',
      description: 'Holds the answer until AWS has decided, for at most this many seconds.',
      schema: { type: 'integer', minimum: 0, maximum: maxWaitSeconds },
      example: 30,
    },
  ],
  responses: responsesOf(
    {
      200: json('Yes.', ref('Entitlement'), { entitled: entitledExample }),
      403: json('No.', ref('Entitlement'), { denied: deniedExample }),
      503: json('AWS has not answered yet.', ref('Entitlement'), {
        unreachable: unreachableExample,
      }),
    },
    ['InvalidRequest', ...commonCodes],
  ),
}

const getProof: OpenApiOperation = {
  operationId: 'getEntitlementProof',
  summary: "AWS's own token, for an application that checks it itself",
  tags: ['entitlement'],
  parameters: [
    {
      name: 'nonce',
      in: 'query',
      required: true,
      description: 'Fresh and random for each proof.',
      schema: { type: 'string', pattern: nonceForm.source },
      example: proofExample.nonce,
    },
  ],
  responses: responsesOf({ 200: json('The proof.', ref('Proof'), { proof: proofExample }) }, [
    'InvalidNonce',
    'ProofRefused',
    'ProofNotAvailable',
    'TooManyProofs',
    'ProofUnavailable',
    ...commonCodes,
  ]),
}

const postUsage: OpenApiOperation = {
  operationId: 'reportUsage',
  summary: 'Reports usage',
  description: 'Answered when the usage is on disk. A batch is recorded whole or not at all.',
  tags: ['usage'],
  parameters: [
    {
      name: 'Idempotency-Key',
      in: 'header',
      description: 'The same key with the same content counts once, for at least 24 hours.',
      schema: { type: 'string', pattern: idempotencyKeyPattern.source },
    },
  ],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: { oneOf: [ref('Report'), ref('ReportBatch')] },
        examples: {
          report: { value: reportExample },
          batch: {
            value: { reports: [reportExample, { dimension: 'requests', quantity: '0.25' }] },
          },
        },
      },
    },
  },
  responses: responsesOf(
    {
      200: json(
        'Recorded.',
        { oneOf: [ref('Receipt'), ref('ReceiptBatch')] },
        {
          report: receiptExample,
          batch: { results: [receiptExample, { ...receiptExample, result: 'duplicate' }] },
        },
      ),
    },
    [
      'InvalidJson',
      'InvalidRequest',
      'QuantityNotANumber',
      'QuantityNegative',
      'QuantityTooPrecise',
      'QuantityTooLarge',
      'InvalidOccurredAt',
      'InvalidTags',
      'InvalidIdempotencyKey',
      'UnknownDimension',
      'InvalidCustomer',
      'TooManyUnknownCustomers',
      'DimensionHasSource',
      'OccurredAtTooOld',
      'OccurredAtInFuture',
      'IdempotencyKeyReused',
      'BodyTooLarge',
      'UnsupportedMediaType',
      'LedgerBusy',
      'DatabaseUnavailable',
      'DatabaseNotUsable',
      'DatabaseOutcomeUnknown',
      'LedgerFailed',
      'LedgerFull',
      'LedgerNotWritable',
      'LedgerOpening',
      'ReadingsFull',
      'PlatformUnknown',
      ...commonCodes,
    ],
  ),
}

const postScrape: OpenApiOperation = {
  operationId: 'scrape',
  summary: 'Count the metrics page now',
  tags: ['usage'],
  responses: responsesOf(
    {
      200: json(
        'What the page had is on disk.',
        { type: 'object', required: ['scraped'], properties: { scraped: { const: true } } },
        { scraped: { scraped: true } },
      ),
    },
    ['NothingToScrape', 'ScrapeFailed', 'PlatformUnknown', ...needlessBodyCodes, ...commonCodes],
  ),
}

const getUsage: OpenApiOperation = {
  operationId: 'getUsage',
  summary: 'Where every unit is',
  tags: ['usage'],
  responses: responsesOf({ 200: json('The ledger.', ref('Usage'), { usage: usageExample }) }, [
    'DatabaseUnavailable',
    'PlatformUnknown',
    ...commonCodes,
  ]),
}

const getRecordsCsv: OpenApiOperation = {
  operationId: 'getRecordsCsv',
  summary: 'What AWS has accepted, as CSV',
  tags: ['usage'],
  responses: responsesOf(
    { 200: { description: 'RFC 4180.', content: { 'text/csv': { schema: { type: 'string' } } } } },
    ['PlatformUnknown', ...commonCodes],
  ),
}

/** AWS's SDKs describe AWS's protocol. */
const callAws: OpenApiOperation = {
  operationId: 'callAws',
  summary: 'The AWS Marketplace Metering protocol',
  description:
    "For AWS SDKs and the AWS CLI whose endpoint is this listener. MeterUsage is recorded like a report. Errors have AWS's names and form.",
  tags: ['aws'],
  parameters: [
    {
      name: 'X-Amz-Target',
      in: 'header',
      required: true,
      schema: { type: 'string', enum: operationNames.map(requestTarget) },
    },
  ],
  requestBody: { required: true, content: { [awsJson]: { schema: { type: 'object' } } } },
  responses: {
    200: awsAnswer("The operation's output.", []),
    '4XX': awsAnswer("One of AWS's errors.", ['__type', 'message']),
    '5XX': awsAnswer('An error that SDKs retry.', ['__type', 'message']),
  },
}

function awsAnswer(description: string, required: readonly string[]): OpenApiResponse {
  const properties = Object.fromEntries(required.map((name) => [name, { type: 'string' }]))
  return {
    description,
    content: { [awsJson]: { schema: { type: 'object', required, properties } } },
  }
}

const getStatusPage: OpenApiOperation = {
  operationId: 'getStatusPage',
  summary: 'The status page, for people',
  tags: ['documents'],
  security: [],
  responses: responsesOf(
    { 200: { description: 'HTML.', content: { 'text/html': { schema: { type: 'string' } } } } },
    publicCodes,
  ),
}

const getOpenApi: OpenApiOperation = {
  operationId: 'getOpenApi',
  summary: 'This document',
  tags: ['documents'],
  security: [],
  responses: responsesOf(
    {
      200: {
        description: 'OpenAPI 3.1.',
        content: { 'application/json': { schema: { type: 'object' } } },
      },
    },
    publicCodes,
  ),
}

/** Every route of the application's listener. */
export const openApiPaths: Paths = {
  '/v1/entitlement': { get: getEntitlement },
  '/v1/entitlement/proof': { get: getProof },
  '/v1/usage': { post: postUsage, get: getUsage },
  '/v1/scrape': { post: postScrape },
  '/v1/metrics': { post: postMetrics },
  '/v1/records.csv': { get: getRecordsCsv },
  ...customerPaths,
  ...operatorPaths,
  '/': { get: getStatusPage, post: callAws },
  '/openapi.json': { get: getOpenApi },
}
