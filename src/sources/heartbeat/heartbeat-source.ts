import type { Timer } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import { untagged } from '../../metering/tags.ts'
import type { Source, SourceContext } from '../source.ts'

/** How often it beats at least. */
const beatMs = 30_000
/** How often it looks whether the buyer may run the product. */
const lookMs = 1000

/** Time itself: the task or pod counts as long as the buyer may run it. */
export const heartbeatSource: Source = {
  name: 'heartbeat',
  start(context) {
    const beating = context.dimensions.flatMap(({ name, from }) =>
      from?.heartbeat === undefined ? [] : [{ dimension: name, quantity: from.heartbeat.value }],
    )
    if (beating.length === 0) return { [Symbol.asyncDispose]: () => Promise.resolve() }
    const { clock, entitled } = context
    const pauseMs = pauseOf(context.dimensions)
    let timer: Timer | undefined
    let beat: Promise<void> = Promise.resolve()
    let last: { readonly isEntitled: boolean; readonly elapsed: number } | undefined
    let stopped = false
    const look = () => {
      if (stopped) return
      const isEntitled = entitled()
      const elapsed = clock.elapsed()
      // Time begins and ends to count when AWS says so, and not with the next beat.
      if (last?.isEntitled !== isEntitled || elapsed - last.elapsed >= pauseMs) {
        last = { isEntitled, elapsed }
        beat = beatOnce(context, beating, isEntitled).then((isStored) => {
          if (!isStored) last = undefined
        })
      }
      timer = clock.after(lookMs, look)
    }
    look()
    return {
      async [Symbol.asyncDispose]() {
        stopped = true
        timer?.cancel()
        await beat
      },
    }
  },
}

/** Between two beats. A value of an integral must stand until the next one. */
function pauseOf(dimensions: SourceContext['dimensions']): number {
  const standing = dimensions.flatMap(({ from, staleAfterSeconds }) =>
    from?.heartbeat === undefined || staleAfterSeconds === undefined ? [] : staleAfterSeconds * 500,
  )
  return Math.max(lookMs, Math.min(beatMs, ...standing))
}

async function beatOnce(
  { book, clock, noteRead, heard }: SourceContext,
  beating: readonly { readonly dimension: string; readonly quantity: bigint }[],
  isEntitled: boolean,
): Promise<boolean> {
  const at = clock.now()
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
    return true
  } catch (error) {
    noteRead({ source: 'heartbeat', outcome: 'failed', reason: messageOf(error), at })
    return false
  }
}
