import { constants, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import type { MeteringResult, FailureKind, MeteringApi } from '../../../src/aws/metering-api.ts'
import type { RegisterUsageRequest, RegisterUsageValue } from '../../../src/aws/metering-api.ts'

export interface TestKey {
  readonly pem: string
  readonly privateKey: KeyObject
}

export function createRsaKey(modulusLength = 2048): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength })
  return { pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(), privateKey }
}

export function encodePart(part: unknown): string {
  const text = typeof part === 'string' ? part : JSON.stringify(part)
  return Buffer.from(text).toString('base64url')
}

export interface SignOptions {
  readonly header?: unknown
  readonly saltLength?: number
}

/** A token as AWS signs it. A text as `claims` is taken as it is. */
export function signToken(key: TestKey, claims: unknown, options: SignOptions = {}): string {
  const { header = { alg: 'PS256', typ: 'JWT' }, saltLength = 32 } = options
  const input = `${encodePart(header)}.${encodePart(claims)}`
  const padding = constants.RSA_PKCS1_PSS_PADDING
  const signature = sign('sha256', Buffer.from(input), { key: key.privateKey, padding, saltLength })
  return `${input}.${signature.toString('base64url')}`
}

export function failure(kind: FailureKind, code: string): MeteringResult<never> {
  const message = `AWS said ${code}.`
  const advice = `Advice for ${code}.`
  return { ok: false, failure: { kind, code, message, ambiguous: false, advice } }
}

type Register = (request: RegisterUsageRequest) => MeteringResult<RegisterUsageValue>

/** A service that gives the scripted answers in turn, and the last one again and again. */
export class ScriptedMetering implements MeteringApi {
  readonly calls: string[] = []
  readonly registrations: RegisterUsageRequest[] = []
  readonly dryRuns: { dimension: string; timestamp: number }[] = []
  onRegister: (Register | MeteringResult<RegisterUsageValue>)[] = []
  onDryRun: MeteringResult<undefined>[] = []

  async registerUsage(request: RegisterUsageRequest): Promise<MeteringResult<RegisterUsageValue>> {
    this.calls.push('RegisterUsage')
    this.registrations.push(request)
    const next = take(this.onRegister)
    return typeof next === 'function' ? next(request) : next
  }

  async batchMeterUsage(): Promise<never> {
    throw new Error('not here')
  }

  async dryRun(request: {
    dimension: string
    timestamp: number
  }): Promise<MeteringResult<undefined>> {
    this.calls.push('DryRun')
    this.dryRuns.push(request)
    return take(this.onDryRun)
  }

  async meterUsage(): Promise<never> {
    throw new Error('entitlement sends no records')
  }

  async forward(): Promise<never> {
    throw new Error('entitlement forwards nothing')
  }

  close(): void {}
}

function take<T>(script: T[]): T {
  const next = script.length > 1 ? script.shift() : script[0]
  if (next === undefined) throw new Error('nothing scripted')
  return next
}
