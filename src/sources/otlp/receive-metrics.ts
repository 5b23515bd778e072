import { SidecarError } from '../../kernel/errors.ts'
import { inSlices } from '../../kernel/in-slices.ts'
import { countedSeries } from '../counted-series.ts'
import type { SourceContext } from '../source.ts'
import type { Encoding } from './answers.ts'
import { MalformedRequest, type OtlpMetric } from './metric.ts'
import {
  pickUsage,
  type PickedUsage,
  type RejectedPoints,
  type SentDimension,
} from './pick-usage.ts'
import { BodyQueue, largestRequestBytes, readBody } from './read-body.ts'
import { readJsonMetrics } from './read-json-metrics.ts'
import { reportAll } from './report-all.ts'
import { readMetrics } from './wire/read-metrics.ts'

/** Resolves with the points that were not counted, when all others are on disk. */
export type Receive = (
  body: Buffer,
  encoding: Encoding,
  contentEncoding: string | undefined,
) => Promise<readonly RejectedPoints[]>

/** Bytes of bodies that wait to be read. */
const mostWaiting = 4 * largestRequestBytes

type Context = Pick<SourceContext, 'book' | 'clock' | 'heard' | 'noteRead'>

/** Creates what counts the requests of senders. One body at a time is unpacked and read. */
export function createReceiver(context: Context, dimensions: readonly SentDimension[]): Receive {
  const queue = new BodyQueue(mostWaiting)
  const names = new Set(dimensions.map(({ from }) => from.otlp.metric))
  const follows = new Map(dimensions.map(({ name, from }) => [name, countedSeries(from.otlp)]))
  return async (body, encoding, contentEncoding) => {
    const now = context.clock.now()
    const picked = await queue.take(body.length, async () => {
      const unpacked = await readBody(body, contentEncoding)
      const metrics = await metricsIn(unpacked, encoding, (name) => names.has(name))
      return inSlices(pickUsage(metrics, dimensions, now))
    })
    const rejected = [...picked.rejected, ...(await count(context, picked, follows))]
    note(context, dimensions, rejected, now)
    return rejected
  }
}

async function metricsIn(
  body: Buffer,
  encoding: Encoding,
  wanted: (name: string) => boolean,
): Promise<OtlpMetric[]> {
  const read = encoding === 'json' ? readJsonMetrics : readMetrics
  try {
    return await inSlices(read(body, wanted))
  } catch (error) {
    if (!(error instanceof MalformedRequest)) throw error
    throw new SidecarError(
      'InvalidOtlp',
      `The body is not a metrics request of OTLP: ${error.message}. Nothing of it was recorded.`,
    )
  }
}

const reasons: Readonly<Record<string, string>> = {
  fell: 'shows less than before in the same process',
  skipped: 'exceeds SIDECAR_MAX_READINGS, or what the ledger can hold',
  overlaps:
    'comes from a second process with the same name, and counts when it comes again; give each process its own service.instance.id',
}

/** Resolves with the points that the book did not count. */
async function count(
  { book }: Context,
  { reports, points }: PickedUsage,
  follows: ReadonlyMap<string, string>,
) {
  const dimensions = Map.groupBy(reports, ({ dimension }) => dimension)
  const [counted, ...refused] = await Promise.all([
    points.length === 0 ? [] : book.countStreams({ source: 'otlp', points, follows }),
    ...[...dimensions.values()].map((ofDimension) => reportAll(book, ofDimension)),
  ])
  const streams = counted.flatMap(({ dimension, outcome }) => {
    const reason = reasons[outcome]
    return reason === undefined ? [] : [{ dimension, reason, points: 1 }]
  })
  return added([...streams, ...refused.flat()])
}

/** One for each dimension and reason. */
function added(rejected: readonly RejectedPoints[]): RejectedPoints[] {
  const groups = Map.groupBy(rejected, ({ dimension, reason }) => `${dimension} ${reason}`)
  return [...groups.values()].flatMap((group) => {
    const points = group.reduce((sum, each) => sum + each.points, 0)
    return group.slice(0, 1).map((first) => ({ ...first, points }))
  })
}

function note(
  { heard, noteRead }: Context,
  dimensions: readonly SentDimension[],
  rejected: readonly RejectedPoints[],
  at: number,
): void {
  const wrong = new Set(rejected.map(({ dimension }) => dimension))
  heard(
    dimensions.map(({ name }) => name).filter((name) => !wrong.has(name)),
    at,
  )
  const [first] = rejected
  noteRead({
    source: 'otlp',
    outcome: first === undefined ? 'ok' : 'refused',
    reason: first && `${first.dimension}: ${first.reason}`,
    at,
  })
}
