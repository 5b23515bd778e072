import { demoProduct } from '../../../src/emulator/demo-product.ts'
import type { OperationName } from '../../../src/protocol/operations.ts'
import { rawRequest } from '../sidecar/raw-request.ts'

/** An answer of the AWS front, or of the emulator, to a request that no SDK made. */
export interface FrontAnswer {
  readonly status: number
  readonly type: unknown
  readonly requestId: unknown
  readonly body: Readonly<Record<string, unknown>>
}

/** When the harness's clock starts, in the epoch seconds of the wire. */
export const startSeconds = Date.parse('2026-03-10T09:15:00Z') / 1000

/** Returns a signed request's credentials for `region`; the signature is invented. */
export function authorization(region = 'eu-west-1', service = 'aws-marketplace'): string {
  return `AWS4-HMAC-SHA256 Credential=AKIACLIENT/20260310/${region}/${service}/aws4_request, SignedHeaders=host, Signature=00`
}

/** The headers that every SDK sends. */
export function frontHeaders(operation: OperationName): Record<string, string> {
  return {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `AWSMPMeteringService.${operation}`,
    authorization: authorization(),
    'x-amz-date': '20260310T091500Z',
  }
}

/** Returns MeterUsage of 5 requests at the start, with other members if given. */
export function usageInput(members: object = {}): object {
  return {
    ProductCode: demoProduct.productCode,
    Timestamp: startSeconds,
    UsageDimension: 'requests',
    UsageQuantity: 5,
    ...members,
  }
}

/** Makes a call in AWS's protocol; a string is sent unchanged. */
export async function callFront(
  port: number,
  operation: OperationName,
  input: object | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<FrontAnswer> {
  const answer = await rawRequest({
    port,
    method: 'POST',
    path: '/',
    headers: { ...frontHeaders(operation), ...headers },
    body: typeof input === 'string' ? input : JSON.stringify(input),
  })
  return {
    status: answer.status,
    type: answer.headers['content-type'],
    requestId: answer.headers['x-amzn-requestid'],
    body: JSON.parse(answer.text) as Readonly<Record<string, unknown>>,
  }
}
