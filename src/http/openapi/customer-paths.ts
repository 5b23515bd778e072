import type { ProblemCode } from '../../kernel/problems/problem-table.ts'
import { customerKeyPattern } from '../../metering/customer.ts'
import { customersPerPage, longestToken } from '../routes/customers/customers-route.ts'
import { customerExample, customerUsageExample } from './openapi-examples.ts'
import { json, type OpenApiOperation } from './openapi-operation.ts'
import { commonCodes, needlessBodyCodes, responsesOf } from './openapi-responses.ts'
import { ref } from './openapi-schemas.ts'

const keyParameter = {
  name: 'key',
  in: 'path',
  required: true,
  description: "The application's own key of the customer.",
  schema: { type: 'string', pattern: customerKeyPattern.source },
  example: 'acme',
}

const changing: readonly ProblemCode[] = [
  'NoCustomers',
  'InvalidCustomer',
  'BodyTooLarge',
  'UnsupportedMediaType',
  'LedgerBusy',
  'LedgerFailed',
  'LedgerFull',
  'LedgerNotWritable',
  'LedgerOpening',
  ...commonCodes,
]
const registered = {
  200: json('Registered, and on disk.', ref('Customer'), { customer: customerExample }),
}

const registerByToken: OpenApiOperation = {
  operationId: 'registerCustomer',
  summary: 'Registers the customer who brought a registration token',
  description: 'The sidecar calls ResolveCustomer. A token is never logged.',
  tags: ['customers'],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          required: ['key', 'registrationToken'],
          additionalProperties: false,
          properties: {
            key: keyParameter.schema,
            registrationToken: { type: 'string', minLength: 1, maxLength: longestToken },
          },
        },
        examples: { customer: { value: { key: 'acme', registrationToken: 'eyJ0b2tlbiI...' } } },
      },
    },
  },
  responses: responsesOf(registered, [
    'InvalidJson',
    'InvalidRequest',
    'CustomerNamesIncomplete',
    'RegistrationTokenInvalid',
    'RegistrationTokenExpired',
    'CustomerOfAnotherProduct',
    'CustomerIdentityTaken',
    'TooManyRegistrations',
    'RegistrationUnavailable',
    ...changing,
  ]),
}

const registerByNames: OpenApiOperation = {
  operationId: 'putCustomer',
  summary: 'Registers a customer whom AWS has already named',
  tags: ['customers'],
  parameters: [keyParameter],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          additionalProperties: false,
          properties: {
            accountId: { type: 'string' },
            licenseArn: { type: 'string' },
            identifier: { type: 'string' },
          },
        },
        examples: {
          customer: {
            value: {
              accountId: customerExample.accountId,
              licenseArn: customerExample.licenseArn,
            },
          },
        },
      },
    },
  },
  responses: responsesOf(registered, [
    'InvalidJson',
    'InvalidRequest',
    'CustomerNamesIncomplete',
    'CustomerIdentityTaken',
    ...changing,
  ]),
}

const listCustomers: OpenApiOperation = {
  operationId: 'listCustomers',
  summary: 'The customers, in the order of their keys',
  tags: ['customers'],
  parameters: [
    {
      name: 'after',
      in: 'query',
      description: 'The key that `next` of the previous page gave.',
      schema: { type: 'string' },
    },
    {
      name: 'limit',
      in: 'query',
      schema: { type: 'integer', minimum: 1, maximum: customersPerPage },
    },
  ],
  responses: responsesOf(
    {
      200: json('A page.', ref('CustomerPage'), {
        page: { customers: [customerExample], next: null },
      }),
    },
    ['NoCustomers', 'InvalidRequest', ...commonCodes],
  ),
}

const getCustomer: OpenApiOperation = {
  operationId: 'getCustomer',
  summary: 'Whether a customer is active, and where the usage is',
  tags: ['customers'],
  parameters: [keyParameter],
  responses: responsesOf(
    { 200: json('The customer.', ref('CustomerUsage'), { customer: customerUsageExample }) },
    ['NoCustomers', 'InvalidCustomer', 'InvalidRequest', 'CustomerNotFound', ...commonCodes],
  ),
}

const deleteCustomer: OpenApiOperation = {
  operationId: 'deleteCustomer',
  summary: 'Removes a customer whose usage is settled',
  tags: ['customers'],
  parameters: [keyParameter],
  responses: responsesOf(
    {
      200: json('Removed.', ref('DeletedCustomer'), { deleted: { key: 'acme', deleted: true } }),
    },
    ['CustomerNotFound', 'CustomerNotSettled', ...needlessBodyCodes, ...changing],
  ),
}

const endCustomer: OpenApiOperation = {
  operationId: 'endCustomer',
  summary: 'The licence of a customer has ended: sends all usage at once',
  tags: ['customers'],
  parameters: [keyParameter],
  responses: responsesOf(
    { 200: json('The customer.', ref('Customer'), { customer: customerExample }) },
    ['CustomerNotFound', ...needlessBodyCodes, ...changing],
  ),
}

const postEvent: OpenApiOperation = {
  operationId: 'postEvent',
  summary: 'Accepts an event of EventBridge or SNS',
  description:
    'The application has verified where it came from. Nothing in it is fetched, and a repeat changes nothing.',
  tags: ['customers'],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: { type: 'object' },
        examples: {
          eventBridge: {
            value: {
              id: '4f7c1f0e-5b0c-4f0e-9d0c-2f6f3c1b8a10',
              source: 'aws.agreement-marketplace',
              'detail-type': 'License Deprovisioned - Manufacturer',
              detail: { license: { arn: customerExample.licenseArn } },
            },
          },
        },
      },
    },
  },
  responses: responsesOf(
    { 200: json('The outcome.', ref('EventResult'), { accepted: { result: 'accepted' } }) },
    ['InvalidJson', 'InvalidRequest', 'InvalidEvent', ...changing],
  ),
}

/** The routes of a SaaS product's customers. */
export const customerPaths = {
  '/v1/customers': { post: registerByToken, get: listCustomers },
  '/v1/customers/{key}': { put: registerByNames, get: getCustomer, delete: deleteCustomer },
  '/v1/customers/{key}/end': { post: endCustomer },
  '/v1/events': { post: postEvent },
}
