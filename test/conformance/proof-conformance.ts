import { describe, expect, test } from 'vitest'
import type { FailureKind, MeteringApi, MeteringFailure } from '../../src/aws/metering-api.ts'
import type { Patience, Proof, ProofContext } from '../../src/entitlement/proof.ts'
import type { ProofName } from '../../src/product/routes.ts'
import { fail, type Result } from '../../src/kernel/result.ts'
import { ManualClock } from '../support/manual-clock.ts'

type Answer = (request: never) => Result<unknown, MeteringFailure>

/** One implementation of the port, with what the suite has to know about it. */
export interface ProofUnderTest {
  readonly name: ProofName
  readonly create: (context: ProofContext) => Proof
  readonly product: ProofContext['product']
  /** The one method of the API that an attempt calls. */
  readonly method: 'registerUsage' | 'dryRun' | 'batchMeterUsage'
  /** The operation as a failure's message names it. */
  readonly operation: string
  /** AWS's yes to the request. */
  readonly yes: Answer
  /** The key that AWS's yes is signed with; undefined for a proof that AWS does not sign. */
  readonly signingKeyVersion: number | undefined
  /** Kinds of failure that nevertheless prove the entitlement. */
  readonly provedBy: readonly FailureKind[]
}

const patienceOf: Readonly<Record<FailureKind, Patience>> = {
  throttled: 'soon',
  unavailable: 'soon',
  credentials: 'slowly',
  'out-of-window': 'slowly',
  conflict: 'slowly',
  duplicate: 'slowly',
  'not-entitled': 'never',
  misconfigured: 'never',
  invalid: 'never',
}
const kinds = Object.keys(patienceOf) as readonly FailureKind[]

/** Checks what every proof must do, whatever it calls. */
export function describeProof(subject: ProofUnderTest): void {
  const { name, create, product, method, operation, yes, signingKeyVersion, provedBy } = subject

  /** A proof whose API gives `answer` each time, and the names of the methods that it called. */
  function setUp(answer: Answer, of = product) {
    const calls: string[] = []
    const called = (which: keyof MeteringApi) => async (request: never) => {
      calls.push(which)
      return answer(request)
    }
    const api = {
      registerUsage: called('registerUsage'),
      meterUsage: called('meterUsage'),
      batchMeterUsage: called('batchMeterUsage'),
      dryRun: called('dryRun'),
      forward: called('forward'),
      close: () => void calls.push('close'),
    } as MeteringApi
    const clock = new ManualClock('2026-03-10T09:15:00Z')
    const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length))
    return { proof: create({ api, product: of, clock, randomBytes }), calls, clock }
  }

  const refusal = (kind: FailureKind): MeteringFailure => ({
    kind,
    code: 'SomeException',
    message: 'AWS said so.',
    ambiguous: false,
    advice: 'Do this.',
  })

  describe(`the proof ${name}`, () => {
    test('has the name that the registry knows it by', () => {
      expect(setUp(yes).proof.name).toBe(name)
    })

    test('passes when AWS says yes, with the key that AWS signed with', async () => {
      const result = await setUp(yes).proof.attempt()
      expect(result).toMatchObject({ ok: true, value: { warnings: [] } })
      expect(result.ok && result.value.signingKey?.version).toBe(signingKeyVersion)
    })

    test.each(kinds.filter((kind) => !provedBy.includes(kind)))(
      "fails after %s, with AWS's code, the operation and the advice",
      async (kind) => {
        const { proof } = setUp(() => fail(refusal(kind)))
        expect(await proof.attempt()).toEqual({
          ok: false,
          failure: {
            code: 'SomeException',
            message: `${operation} failed with SomeException: AWS said so.`,
            advice: 'Do this.',
            kind,
            patience: patienceOf[kind],
          },
        })
      },
    )

    test('ends its message as a sentence, also when AWS has no words', async () => {
      const failure = { ...refusal('unavailable'), code: 'ECONNRESET', message: '' }
      const result = await setUp(() => fail(failure)).proof.attempt()
      expect(result).toMatchObject({
        failure: { message: `${operation} failed with ECONNRESET.` },
      })
    })

    for (const kind of provedBy)
      test(`passes after ${kind}, which shows that metering is permitted`, async () => {
        expect(await setUp(() => fail(refusal(kind))).proof.attempt()).toMatchObject({ ok: true })
      })

    test.each(['yes', ...kinds] as const)(
      'makes exactly one call after %s, and none that records',
      async (answer) => {
        const { proof, calls } = setUp(answer === 'yes' ? yes : () => fail(refusal(answer)))
        await proof.attempt()
        expect(calls).toEqual([method])
      },
    )

    test('makes another call with each attempt, and waits for nothing', async () => {
      const { proof, calls, clock } = setUp(() => fail(refusal('throttled')))
      await proof.attempt()
      await proof.attempt()
      expect(calls).toEqual([method, method])
      expect(clock.waiting).toBe(0)
    })

    test('can pass after it failed', async () => {
      let answer: Answer = () => fail(refusal('unavailable'))
      const { proof } = setUp((request) => answer(request))
      expect(await proof.attempt()).toMatchObject({ ok: false })
      answer = yes
      expect(await proof.attempt()).toMatchObject({ ok: true })
    })

    test('makes no call before its first attempt', () => {
      expect(setUp(yes).calls).toEqual([])
    })

    test('refuses a product that lacks what it needs with a TypeError', () => {
      const bare = { ...product, publicKeys: new Map<number, string>(), dimensions: [] }
      expect(() => setUp(yes, bare)).toThrow(TypeError)
    })
  })
}
