import { awsLimits } from '../../metering/aws-limits.ts'
import { isServiceErrorName } from '../../protocol/errors.ts'
import type { Member } from '../../protocol/member-types.ts'
import { operationNames, operations } from '../../protocol/operations.ts'
import { credentialKinds, platforms, routes } from '../marketplace.ts'
import type { Field, ValueOf, ValueType } from './scenario-types.ts'
import { dryRunForms } from '../emulator-settings.ts'

function text(maxLength: number, pattern: string, range: string) {
  const expression = new RegExp(pattern)
  const allowed = (value: string) => expression.test(value)
  return { kind: 'text', maxLength, allowed, range } as const
}

/** A text with the limits of a member on the wire, so that a call can name it. */
function wireText(member: Member | undefined, range: string) {
  if (member?.type !== 'string') throw new TypeError('the member is not a string')
  return text(member.maxLength ?? 2048, member.pattern ?? '', range)
}

function listOf<const T extends ValueType>(noun: string, item: T, max = 1000, min = 1) {
  return { kind: 'list', item, noun, min, max } as const
}

function section<const F extends Readonly<Record<string, Field>>>(fields: F) {
  return { kind: 'section', fields } as const
}

function choice<const C extends readonly string[]>(choices: C) {
  return { kind: 'choice', choices } as const
}

const boolean = { kind: 'boolean' } as const
const time = { kind: 'time' } as const
const keyVersion = { kind: 'integer', min: 1, max: awsLimits.publicKeyVersion } as const

const { ProductCode } = operations.RegisterUsage.input
const { CustomerIdentifier, CustomerAWSAccountId, LicenseArn } = operations.ResolveCustomer.output

const productCode = wireText(
  ProductCode,
  `1 to ${awsLimits.productCodeLength} letters, digits and -/=:_.@`,
)
const region = text(64, '^[a-z]{2}(-[a-z]+)+-\\d+$', 'a region name such as us-east-1')
const name = text(128, '^[\\w-]+$', '1 to 128 letters, digits, _ and -')
const dimension = text(
  awsLimits.dimensionNameLength,
  '^[^\\p{C}]+$',
  `1 to ${awsLimits.dimensionNameLength} characters`,
)
const token = text(4096, '^[^\\p{C}]+$', '1 to 4096 characters')
const customerIdentifier = wireText(
  CustomerIdentifier,
  `1 to ${awsLimits.customerIdLength} characters`,
)
const accountId = wireText(CustomerAWSAccountId, 'digits, in quotes')
const licenseArn = wireText(LicenseArn, 'an ARN such as arn:aws:license-manager::1:license:l-1')
const errorName = {
  kind: 'text',
  maxLength: 128,
  allowed: isServiceErrorName,
  range: 'the name of an error of the service or of AWS in general',
} as const

/** The scenario file as data, from which the checker, the types and docs/emulator.md's tables come. */
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
          type: choice(routes),
          otherwise: '`both`',
          summary: 'An `hourly` product accepts no records: AWS meters it by itself.',
        },
        dimensions: {
          type: listOf('dimensions', dimension, awsLimits.containerDimensions),
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
          type: choice(credentialKinds),
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
    summary: 'What goes wrong at first, one fault a call, in this order. Each has one effect.',
  },
} as const satisfies Readonly<Record<string, Field>>

export const scenarioType = section(scenarioFields)

/** A scenario file after the check. */
export type Scenario = ValueOf<typeof scenarioType>
