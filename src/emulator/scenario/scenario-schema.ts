import { awsLimits } from '../../metering/aws-limits.ts'
import { operationNames } from '../../protocol/operations.ts'
import { dryRunForms } from '../emulator-settings.ts'
import { roleOwners, platforms, listingRoutes } from '../marketplace.ts'
import type { Field, ScenarioValue } from './scenario-types.ts'
import {
  accountId,
  boolean,
  choice,
  customerIdentifier,
  dimension,
  errorName,
  keyVersion,
  agreementId,
  licenseArn,
  listOf,
  name,
  productCode,
  region,
  section,
  text,
  time,
  token,
} from './scenario-values.ts'

/** The scenario file as data, from which the checker, the types and docs/reference/emulator.md's tables come. */
export const scenarioFields = {
  region: {
    type: region,
    otherwise: 'where its first call was signed for',
    summary: 'The region of every task that names none.',
  },
  dryRunForm: {
    type: choice(dryRunForms),
    otherwise: '`ok`',
    summary: 'How a permitted DryRun is answered: HTTP 200, or the error DryRunOperation.',
  },
  clock: {
    type: section({
      start: { type: time, otherwise: 'now', summary: 'What the clock shows at first.' },
      hourMs: {
        type: { kind: 'integer', min: 1, max: 3_600_000 },
        otherwise: '`3600000`',
        summary: 'How long an hour lasts on this machine, in ms.',
      },
    }),
    summary: 'The time of the service; the options `--start` and `--hour` override it.',
  },
  products: {
    type: listOf(
      'products',
      section({
        code: { type: productCode, required: true, summary: 'The product code.' },
        route: {
          type: choice(listingRoutes),
          otherwise: '`both`',
          summary: 'An `hourly` product accepts no records: AWS meters it by itself.',
        },
        dimensions: {
          type: listOf('dimensions', dimension, awsLimits.saasDimensions),
          otherwise: 'none',
          summary: 'API identifiers of the usage dimensions; needed unless the route is `hourly`.',
        },
        publicKeyVersions: {
          type: listOf('versions', keyVersion, 5),
          otherwise: '`[1]`',
          summary: 'The key versions that RegisterUsage accepts, the newest last; each has a key.',
        },
        publicKeyRotationAt: {
          type: time,
          otherwise: 'never',
          summary: 'When the versions before the newest, or the only one, expire.',
        },
        regions: {
          type: listOf('regions', region),
          otherwise: 'everywhere',
          summary: 'Where the product is offered.',
        },
      }),
      100,
    ),
    required: true,
    summary: 'What the seller has listed.',
  },
  buyers: {
    type: listOf(
      'buyers',
      section({
        id: { type: name, required: true, summary: 'The name by which tasks refer to the buyer.' },
        entitled: {
          type: boolean,
          otherwise: '`true`',
          summary: 'Whether there is a subscription.',
        },
        products: {
          type: listOf('product codes', productCode),
          otherwise: 'all',
          summary: 'Which products the subscription is for.',
        },
        leavesAt: { type: time, otherwise: 'never', summary: 'When the subscription ends.' },
      }),
    ),
    otherwise: 'one with every product',
    summary: 'Accounts that run tasks and pods.',
  },
  tasks: {
    type: listOf(
      'tasks',
      section({
        accessKeyId: {
          type: text(128, '^\\w+$', '1 to 128 letters, digits and _'),
          required: true,
          summary: 'The access key id that signs its calls.',
        },
        buyer: {
          type: name,
          otherwise: 'the first one',
          summary: 'The `id` of the buyer who runs it.',
        },
        region: { type: region, otherwise: 'that of the scenario', summary: 'Where it runs.' },
        platform: {
          type: choice(platforms),
          otherwise: '`supported`',
          summary: 'Whether it runs on ECS, EKS or Fargate.',
        },
        credentials: {
          type: choice(roleOwners),
          otherwise: '`task`',
          summary: 'Whether it signs with its own role, or with that of its machine (`node`).',
        },
        allowedActions: {
          type: listOf('operations', choice(['RegisterUsage', 'MeterUsage']), 2, 0),
          otherwise: 'all',
          summary: 'What the IAM policy of its role allows.',
        },
        startedAt: {
          type: time,
          otherwise: 'long ago',
          summary: 'When the software started; usage from before is refused.',
        },
      }),
    ),
    otherwise: 'every access key id is one',
    summary: 'Tasks and pods. When there are any, calls with other access key ids are refused.',
  },
  customers: {
    type: listOf(
      'customers',
      section({
        productCode: {
          type: productCode,
          otherwise: 'the first product',
          summary: 'What the customer has bought.',
        },
        identifier: {
          type: customerIdentifier,
          otherwise: 'none, as in listings from 2026-06-01 on',
          summary: 'The CustomerIdentifier.',
        },
        accountId: { type: accountId, required: true, summary: 'The CustomerAWSAccountId.' },
        licenseArn: { type: licenseArn, required: true, summary: 'The LicenseArn.' },
        agreementId: { type: agreementId, otherwise: 'none', summary: 'The AgreementId.' },
        licenseStartsAt: {
          type: time,
          otherwise: 'long ago',
          summary: 'When the activation period of the licence begins.',
        },
        licenseEndsAt: {
          type: time,
          otherwise: 'never',
          summary: 'When the activation period ends.',
        },
        subscribed: {
          type: boolean,
          otherwise: '`true`',
          summary: 'Whether there is a subscription.',
        },
        leavesAt: { type: time, otherwise: 'never', summary: 'When the subscription ends.' },
        validTokens: {
          type: listOf('tokens', token),
          otherwise: 'none',
          summary: 'Registration tokens that ResolveCustomer accepts.',
        },
        expiredTokens: {
          type: listOf('tokens', token),
          otherwise: 'none',
          summary: 'Registration tokens that have expired.',
        },
      }),
    ),
    otherwise: 'one, of the first product',
    summary: 'Buyers of SaaS products.',
  },
  faults: {
    type: listOf(
      'faults',
      section({
        operation: {
          type: choice(['*', ...operationNames]),
          otherwise: '`*`',
          summary: 'The operation whose calls it affects.',
        },
        times: {
          type: { kind: 'integer', min: 1, max: 1_000_000 },
          otherwise: '`1`',
          summary: 'How many calls it affects.',
        },
        error: { type: errorName, otherwise: 'none', summary: 'The error to answer.' },
        message: {
          type: text(1000, '^[^\\p{C}]+$', '1 to 1000 characters'),
          otherwise: 'one that says that a test asked for it',
          summary: 'The message of `error`.',
        },
        delayMs: {
          type: { kind: 'integer', min: 0, max: 600_000 },
          otherwise: 'none',
          summary: 'How long the answer is delayed, in ms on this machine.',
        },
        drop: {
          type: choice(['before', 'after']),
          otherwise: 'none',
          summary:
            'The connection dies without an answer, before or after the call has its effect.',
        },
      }),
    ),
    otherwise: 'none',
    summary: 'What goes wrong at first, one fault per call, in this order. Each has one effect.',
  },
} as const satisfies Readonly<Record<string, Field>>

export const scenarioType = section(scenarioFields)

/** A scenario file after the check. */
export type Scenario = ScenarioValue<typeof scenarioType>
