import { describe, expect, test } from 'vitest'
import type { FailureKind, MeteringApi, MeteringFailure } from '../../src/aws/metering-api.ts'
import type { Channel } from '../../src/channels/channel.ts'
import type { AccountKey } from '../../src/metering/account.ts'
import { hourMs } from '../../src/metering/hour.ts'
import type { MeteringRecord, SealedContent, Settlement } from '../../src/metering/record/record.ts'
import { canonicalTags, untagged } from '../../src/metering/tags.ts'
import { jsonOf } from '../support/json-of.ts'

export interface ChannelUnderTest {
  readonly channel: Channel
  /** Whose usage the channel sends; that of the buyer when absent. */
  readonly whose?: Pick<AccountKey, 'customer' | 'identity'>
  /**
   * AWS in a few lines: it accepts every record under this id, or fails every call alike, and gives
   * the calls that it received.
   */
  readonly aws: (outcome: { readonly meteringRecordId: string } | MeteringFailure) => {
    readonly api: MeteringApi
    readonly calls: readonly unknown[]
  }
}

const hour = Date.parse('2026-03-10T09:00:00Z')
const resource = 'arn:aws:ecs:us-east-1:111122223333:task/shop/one'
const red = canonicalTags([{ key: 'team', value: 'red' }])
const blue = canonicalTags([{ key: 'team', value: 'blue' }])

const buyersAccount: AccountKey = {
  productCode: 'product-1',
  customer: '',
  dimension: 'requests',
  divisor: 1n,
  aggregate: 'sum',
  scope: 'resource',
}

const content: Omit<SealedContent, 'clientToken'> = {
  productCode: 'product-1',
  dimension: 'requests',
  hour,
  timestamp: hour + hourMs - 1000,
  quantity: 5_000_000n,
  form: 'whole',
  allocations: [
    { tags: red, quantity: 3_000_000n },
    { tags: untagged, quantity: 2_000_000n },
  ],
}

const recordOfAccount = (
  channel: Channel,
  account: AccountKey,
  more: Partial<MeteringRecord>,
): MeteringRecord => ({
  ...structuredClone(content),
  clientToken: channel.clientTokenOf(resource, content),
  id: 1,
  slot: channel.slotOf(account, resource),
  parts: [{ account, quantity: content.quantity, allocations: content.allocations }],
  customer: account.customer,
  resource,
  divisor: 1n,
  state: 'sending',
  attempts: 1,
  inFlight: true,
  ambiguous: false,
  meteringRecordId: undefined,
  lastCode: undefined,
  lastMessage: undefined,
  sealedAt: hour + hourMs,
  firstAttemptAt: hour + hourMs,
  lastAttemptAt: hour + hourMs,
  settledAt: undefined,
  movedTo: undefined,
  ...more,
})

interface Meaning {
  readonly kind: FailureKind
  readonly ambiguous?: boolean
  readonly means: Exclude<Settlement['kind'], 'accepted'>
}

const meanings: readonly Meaning[] = [
  { kind: 'throttled', means: 'not-taken' },
  { kind: 'unavailable', means: 'not-taken' },
  { kind: 'unavailable', ambiguous: true, means: 'unknown' },
  { kind: 'duplicate', means: 'hour-taken' },
  { kind: 'out-of-window', means: 'too-late' },
  { kind: 'credentials', means: 'refused' },
  { kind: 'not-entitled', means: 'refused' },
  { kind: 'misconfigured', means: 'refused' },
  { kind: 'invalid', means: 'refused' },
  { kind: 'conflict', means: 'refused' },
]

/** What every channel promises to the submitter and the sender. */
export function describeChannel({ channel, aws, whose }: ChannelUnderTest): void {
  const account = { ...buyersAccount, ...whose }
  const recordOf = (more: Partial<MeteringRecord> = {}) => recordOfAccount(channel, account, more)
  const failureOf = ({ kind, ambiguous = false }: Omit<Meaning, 'means'>): MeteringFailure => ({
    code: 'SomeException',
    message: 'what AWS said',
    kind,
    ambiguous,
    advice: 'what to do',
  })

  async function send(
    outcome: Parameters<ChannelUnderTest['aws']>[0],
    record = recordOf(),
    policy: 'carry' | 'hold' = 'carry',
  ) {
    const { api, calls } = aws(outcome)
    const answer = await channel.ask(api, channel.toCall([record]))
    const [sent] = channel.settle(answer, [record], policy)
    return { settlement: sent?.settlement, calls }
  }

  describe(`the channel ${channel.name}`, () => {
    test('sends whole hours and at least one record a call', () => {
      expect(channel.window.longestMs).toBeGreaterThan(0)
      expect(channel.window.longestMs % hourMs).toBe(0)
      expect(channel.window.end(hour)).toBeLessThanOrEqual(hour + channel.window.longestMs)
      expect(channel.batch).toBeGreaterThanOrEqual(1)
    })

    describe('the settlement', () => {
      test('of an accepted record has the id that AWS gave it', async () => {
        const { settlement } = await send({ meteringRecordId: 'm-1' })
        expect(settlement).toEqual({ kind: 'accepted', meteringRecordId: 'm-1' })
      })

      test.each(meanings)(
        'of a record that failed as $kind (ambiguous: $ambiguous) is $means',
        async ({ means, ...failed }) => {
          const { settlement } = await send(failureOf(failed))
          expect(settlement).toMatchObject({
            kind: means,
            code: 'SomeException',
            message: 'what AWS said. what to do',
          })
        },
      )

      test.each(['carry', 'hold'] as const)(
        'of a record that is out of the window has the policy %s',
        async (policy) => {
          const failure = failureOf({ kind: 'out-of-window' })
          const { settlement } = await send(failure, recordOf(), policy)
          expect(settlement).toMatchObject({ kind: 'too-late', policy })
        },
      )
    })

    describe('the call', () => {
      const bytesOf = (record: MeteringRecord) => jsonOf(channel.toCall([record]))

      test('is the same to the byte for every attempt to send a record', () => {
        const first = bytesOf(recordOf())
        const later = recordOf({
          attempts: 7,
          ambiguous: true,
          lastCode: 'SomeException',
          lastMessage: 'what AWS said',
          lastAttemptAt: hour + 3 * hourMs,
        })
        expect([bytesOf(later), bytesOf(later)]).toEqual([first, first])
      })

      test('is made once, as it is', async () => {
        for (const outcome of [{ meteringRecordId: 'm-1' }, ...meanings.map(failureOf)]) {
          const { calls } = await send(outcome)
          expect(calls.map((call) => jsonOf(call))).toEqual([bytesOf(recordOf())])
        }
      })
    })

    describe('the client token', () => {
      const tokenOf = (more: Partial<typeof content> = {}, holder = resource) =>
        channel.clientTokenOf(holder, { ...structuredClone(content), ...more })

      test('is the same for the same content, resource and hour', () => {
        expect(tokenOf()).toBe(tokenOf())
      })

      test('has 1 to 64 characters', () => {
        const long = 'x'.repeat(255)
        for (const token of [tokenOf(), tokenOf({ productCode: long, dimension: long }, long)])
          expect(token).toMatch(/^\S{1,64}$/)
      })

      test('differs for any other content, resource or hour', () => {
        const tokens = [
          tokenOf(),
          tokenOf({}, `${resource}-2`),
          tokenOf({ hour: hour + hourMs, timestamp: content.timestamp + hourMs }),
          tokenOf({ timestamp: content.timestamp - 1000 }),
          tokenOf({ productCode: 'product-2' }),
          tokenOf({ dimension: 'storage' }),
          tokenOf({ quantity: 6_000_000n }),
          tokenOf({ form: 'decimal' }),
          tokenOf({ allocations: undefined }),
          tokenOf({ allocations: [{ tags: red, quantity: 5_000_000n }] }),
          tokenOf({ allocations: [{ tags: blue, quantity: 5_000_000n }] }),
          tokenOf({ allocations: content.allocations?.toReversed() }),
        ]
        expect(new Set(tokens).size).toBe(tokens.length)
      })
    })

    describe('the slot', () => {
      const slotOf = (more: Partial<AccountKey> = {}, holder = resource) =>
        JSON.stringify(channel.slotOf({ ...account, ...more }, holder))

      test('names the channel and the dimension', () => {
        const { name } = channel
        const slot = channel.slotOf(account, resource)
        expect(slot).toMatchObject({ channel: name, dimension: 'requests' })
      })

      test('is shared by accounts that AWS cannot tell apart', () => {
        expect(slotOf({ divisor: 1000n })).toBe(slotOf())
      })

      test('differs for any other dimension', () => {
        expect(slotOf({ dimension: 'storage' })).not.toBe(slotOf())
      })
    })
  })
}
