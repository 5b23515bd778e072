import { importSPKI, jwtVerify } from 'jose'
import { expect } from 'vitest'
import type { clients } from '../../scripts/tools/client-tools.ts'
import { demoProduct } from '../../src/emulator/demo-product.ts'
import {
  errorStatus,
  modelErrors,
  type ServiceErrorName,
} from '../../src/protocol/service-errors.ts'
import type { CallResult } from './call.ts'
import type { ClientCase } from './client-case.ts'

export type ClientKey = keyof typeof clients

/** The exception class for an error name, and for one that is not in the model. */
const exceptionTypes: Record<ClientKey, (code: string, modelled: boolean) => string> = {
  node: (code, modelled) => (modelled ? code : 'MarketplaceMeteringServiceException'),
  boto3: (code, modelled) => (modelled ? code : 'ClientError'),
  awsCli: (code) => code,
  go: (code, modelled) => (modelled ? `*types.${code}` : '*smithy.GenericAPIError'),
  java: (code, modelled) => (modelled ? code : 'MarketplaceMeteringException'),
  node2: (code) => code,
  oldBoto3: (code, modelled) => (modelled ? code : 'ClientError'),
  go1: (code, modelled) => (modelled ? `*marketplacemetering.${code}` : '*awserr.requestError'),
  java1: (code, modelled) => (modelled ? code : 'AWSMarketplaceMeteringException'),
  rust: (code, modelled) => (modelled ? code : 'Unhandled'),
}

/** Compares what the client of a language saw with what it must see. */
export function expectResults(
  key: ClientKey,
  results: readonly CallResult[],
  { error, output, sameRecord }: ClientCase,
): void {
  const last = results.at(-1)
  expectError(key, last, error)
  if (output !== undefined) expect(last?.output).toMatchObject(output)
  if (sameRecord !== true) return
  const ids = results.map((result) => result.output?.['MeteringRecordId'])
  expect(ids[0]).toBeTypeOf('string')
  expect(ids).toEqual(ids.map(() => ids[0]))
}

/** Checks that AWS's token is for this nonce and verifies with the public key. */
export async function expectToken(
  result: CallResult | undefined,
  nonce: string,
  publicKeyPem: string,
): Promise<void> {
  const key = await importSPKI(publicKeyPem, 'PS256')
  const token = String(result?.output?.['Signature'])
  const { payload } = await jwtVerify(token, key, { algorithms: ['PS256'] })
  const { productCode, publicKeyVersion } = demoProduct
  expect(payload).toEqual({ productCode, publicKeyVersion, nonce, iat: expect.any(Number) })
}

function expectError(
  key: ClientKey,
  result: CallResult | undefined,
  name: ServiceErrorName | undefined,
): void {
  if (name === undefined) {
    expect(result?.error).toBeUndefined()
  } else {
    expect(result?.error).toMatchObject({
      code: name,
      type: exceptionTypes[key](name, Object.hasOwn(modelErrors, name)),
      message: expect.stringMatching(/\w/),
    })
  }
  // The AWS CLI shows neither.
  if (key === 'awsCli') return
  const status = name === undefined ? 200 : errorStatus(name)
  expect(result).toMatchObject({ status, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) })
}
