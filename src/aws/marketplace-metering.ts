import type { OwnCode } from '../kernel/problems/own-code-table.ts'
import { fail, succeed } from '../kernel/result.ts'
import { toInstant } from '../protocol/codec.ts'
import { parseExact } from '../protocol/exact-json.ts'
import { createCaller, type CallerOptions } from './create-caller.ts'
import { createClient, endpointOf, type ClientOptions } from './create-client.ts'
import { failureTable, serverFaultRow } from './failure-table.ts'
import type {
  MeteringApi,
  MeteringResult,
  MeterUsageValue,
  RegisterUsageValue,
} from './metering-api.ts'
import { isMeteringRecordId } from './wire/metering-record-id.ts'
import type { AwsAnswer } from './wire/read-answer.ts'
import { createSignedPost } from './wire/signed-post.ts'
import { readBatch } from './wire/read-batch.ts'
import {
  batchMeterUsageMembers,
  dryRunMembers,
  meterUsageMembers,
  registerUsageMembers,
} from './wire/wire-members.ts'

export type MarketplaceMeteringOptions = ClientOptions & CallerOptions

/** Creates the API that calls AWS. Each method makes one call; nothing is retried here. */
export function createMarketplaceMetering(options: MarketplaceMeteringOptions): MeteringApi {
  const client = createClient(options)
  // AWS refuses a signature that is more than minutes away from its own time.
  const { clock, awsClock = clock } = options
  const post = createSignedPost(client, endpointOf(options), () => awsClock.now())
  const call = createCaller(options, post)
  return {
    registerUsage(request) {
      const body = JSON.stringify(registerUsageMembers(request))
      return call('RegisterUsage', body, readRegistration)
    },

    meterUsage(request) {
      const body = JSON.stringify(meterUsageMembers(request))
      return call('MeterUsage', body, readRecordId)
    },

    batchMeterUsage(request) {
      const body = JSON.stringify(batchMeterUsageMembers(request))
      return call('BatchMeterUsage', body, (answer) => {
        const permitted = request.records.length > 0 ? succeed(undefined) : readPermission(answer)
        return permitted.ok ? readBatch(answer, request) : permitted
      })
    },

    dryRun(request) {
      const body = JSON.stringify(dryRunMembers(request))
      return call('MeterUsage', body, readPermission, dryRunYes)
    },

    forward(operation, body) {
      const exact = JSON.stringify(parseExact(body))
      return call(operation, exact, ({ text }) => succeed(parseExact(text) as object))
    },

    close: () => client.destroy(),
  }
}

function readRegistration({ members }: AwsAnswer): MeteringResult<RegisterUsageValue> {
  const signature = members['Signature']
  if (typeof signature !== 'string' || signature === '') return incomplete('Signature')
  const rotation = members['PublicKeyRotationTimestamp']
  const publicKeyRotationAt = typeof rotation === 'number' ? toInstant(rotation) : undefined
  return succeed({ signature, publicKeyRotationAt })
}

function readRecordId({ members }: AwsAnswer): MeteringResult<MeterUsageValue> {
  const meteringRecordId = members['MeteringRecordId']
  return isMeteringRecordId(meteringRecordId)
    ? succeed({ meteringRecordId })
    : incomplete('MeteringRecordId')
}

/** The error by which AWS may say yes to a dry run; the other way is 200. */
const dryRunYes = 'DryRunOperation'

/** A yes has no content that proves it, so at least its form has to be AWS's, and it may not name an error. */
function readPermission({ isOfProtocol, type }: AwsAnswer): MeteringResult<undefined> {
  if (isOfProtocol && (type === undefined || type === dryRunYes || !namesError(type)))
    return succeed(undefined)
  const code: OwnCode = 'AnswerNotOfAws'
  const message =
    "The answer to a call that records nothing does not have AWS's form: it is not a JSON object of the protocol, it has no request id, or it names an error with the status of success."
  return fail({ ...serverFaultRow, code, message, advice: 'Find out what answers in AWS’s place.' })
}

function namesError(type: string): boolean {
  return failureTable.has(type) || /(Exception|Error|Fault)$/.test(type)
}

/** AWS answered with success but left out what proves it. */
function incomplete(member: string): MeteringResult<never> {
  return fail({
    code: `${member}Missing`,
    message: `AWS answered with success but without ${member}.`,
    ...serverFaultRow,
  })
}
