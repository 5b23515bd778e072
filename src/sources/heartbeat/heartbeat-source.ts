import type { Timer } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import { untagged } from '../../metering/tags.ts'
import type { Source, SourceContext } from '../source.ts'

/** A value of an integral stands for longer than this, unless the product file says less than a minute. */
const beatMs = 30_000

/** Time itself: the task or pod counts as long as the buyer may run it. */
export const heartbeatSource: Source = {
  name: 'heartbeat',
  start(context) {
    const beating = context.dimensions.flatMap(({ name, from }) =>
      from?.heartbeat === undefined ? [] : [{ dimension: name, quantity: from.heartbeat.value }],
    )
    if (beating.length === 0) return { [Symbol.asyncDispose]: () => Promise.resolve() }
    let timer: Timer | undefined
    let beat: Promise<void> = Promise.resolve()
    let stopped = false
    const next = () => {
      if (stopped) return
      beat = beatOnce(context, beating)
      timer = context.clock.after(beatMs, next)
    }
    next()
    return {
      async [Symbol.asyncDispose]() {
        stopped = true
        timer?.cancel()
        await beat
      },
    }
  },
}

async function beatOnce(
  { book, clock, entitled, noteRead, heard }: SourceContext,
  beating: readonly { readonly dimension: string; readonly quantity: bigint }[],
): Promise<void> {
  const at = clock.now()
  const isEntitled = entitled()
  const reports = beating.map(({ dimension, quantity }) => ({
    dimension,
    // What stood before ends when the buyer may no longer run the product.
    quantity: isEntitled ? quantity : 0n,
    occurredAt: at,
    tags: untagged,
    idempotencyKey: undefined,
  }))
  try {
    await book.report({ reports, idempotencyKey: undefined })
    heard(
      beating.map(({ dimension }) => dimension),
      at,
    )
    noteRead({ source: 'heartbeat', outcome: 'ok', reason: undefined, at })
  } catch (error) {
    noteRead({ source: 'heartbeat', outcome: 'failed', reason: messageOf(error), at })
  }
}
