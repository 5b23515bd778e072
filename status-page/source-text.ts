import type { SourceAnswer, UsageAnswer } from '../src/http/routes/answers.ts'
import { hourMs, showDistance, showNumber } from './format.ts'
import { openIn } from './hours.ts'

/** What the page says of a source. */
export function sourceText(
  { dimensions, lastHeardAt, lastFailure }: SourceAnswer,
  usage: UsageAnswer,
  now: number,
): string {
  const hour = now - (now % hourMs)
  const given = dimensions.map((name) => {
    const ofHour = openIn(usage).filter(
      (each) => each.dimension === name && Date.parse(each.hour) === hour,
    )
    return `${showNumber(ofHour.reduce((sum, { quantity }) => sum + quantity, 0))} ${name}`
  })
  const heard =
    lastHeardAt === null ? 'not heard yet' : `heard ${showDistance(Date.parse(lastHeardAt), now)}`
  const failed =
    lastFailure === null
      ? []
      : [`failed ${showDistance(Date.parse(lastFailure.at), now)}: ${lastFailure.reason}`]
  return [`${given.join(', ')} this hour`, heard, ...failed].join('; ')
}
