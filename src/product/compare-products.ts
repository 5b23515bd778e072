import type { Dimension, ProductFile } from './product.ts'

type DimensionChange =
  | 'same'
  | 'new-divisor'
  | 'new-aggregate'
  | 'new-scope'
  | 'new-product-code'
  | 'new-fractions'
  | 'new-source'
  | 'removed'
  | 'added'

/** What a changed product file does to the usage of a dimension that is open when its image starts. */
interface DimensionComparison {
  readonly dimension: string
  /** The first of several, in the order of the type. */
  readonly change: DimensionChange
  /** For people. */
  readonly effect: string
}

/** Compares two product files, dimension by dimension: those of the new file first, in their order. */
export function compareProducts(old: ProductFile, next: ProductFile): DimensionComparison[] {
  const before = new Map(old.dimensions.map((dimension) => [dimension.name, dimension]))
  const after = new Set(next.dimensions.map(({ name }) => name))
  return [
    ...next.dimensions.map((dimension) => {
      const earlier = before.get(dimension.name)
      const compared =
        earlier === undefined
          ? added(dimension)
          : kept([earlier, old.productCode], [dimension, next.productCode])
      return { dimension: dimension.name, ...compared }
    }),
    ...old.dimensions.filter(({ name }) => !after.has(name)).map((gone) => removed(gone, next)),
  ]
}

const fraction = 'The old fraction is not billed any more.'

type Compared = Omit<DimensionComparison, 'dimension'>

function added({ replaces = [] }: Dimension): Compared {
  const from =
    replaces.length === 0 ? '' : ` It replaces ${replaces.join(', ')} in refused records.`
  return { change: 'added', effect: `There is no open usage of it.${from}` }
}

/** Usage that is open keeps what it was reported with; the rest of the file is that of today for it too. */
function kept(
  [old, oldCode]: readonly [Dimension, string],
  [next, nextCode]: readonly [Dimension, string],
): Compared {
  const meanings = [
    meaning('new-divisor', 'divisor', old.divisor, next.divisor),
    meaning('new-aggregate', 'aggregate', old.aggregate ?? 'sum', next.aggregate ?? 'sum'),
    meaning('new-scope', 'scope', old.scope ?? 'resource', next.scope ?? 'resource'),
    meaning('new-product-code', 'product code', oldCode, nextCode),
  ].filter((each) => each !== undefined)
  const open: Compared[] =
    meanings.length > 0
      ? [...meanings, { change: 'same', effect: fraction }]
      : [{ change: 'same', effect: 'Open usage continues.' }, ...changeOfFractions(old, next)]
  const all = [...open, ...changeOfSource(old, next)]
  return {
    change: all.find(({ change }) => change !== 'same')?.change ?? 'same',
    effect: all.map(({ effect }) => effect).join(' '),
  }
}

/** A part of what an amount means. */
function meaning<T extends bigint | string>(
  change: DimensionChange,
  name: string,
  old: T,
  next: T,
): Compared | undefined {
  if (old === next) return undefined
  return { change, effect: `Open usage keeps the ${name} ${old}, and new usage has ${next}.` }
}

/** The form of a record is no part of what usage means: today's file decides for open usage too. */
function changeOfFractions(old: Dimension, next: Dimension): Compared[] {
  if ((old.fractions ?? 'carry') === (next.fractions ?? 'carry')) return []
  const effect =
    next.fractions === 'send'
      ? 'The next record is a decimal, and holds open usage and what earlier hours left over.'
      : 'The next record has whole units. What is below one unit stays for later hours.'
  return [{ change: 'new-fractions', effect }]
}

function changeOfSource(old: Dimension, next: Dimension): Compared[] {
  const effect = effectOfSource(old, next)
  return effect === undefined ? [] : [{ change: 'new-source', effect }]
}

function effectOfSource(old: Dimension, { from, aggregate = 'sum' }: Dimension) {
  if (from === undefined)
    return old.from === undefined ? undefined : 'From now on the application reports it.'
  if (old.from === undefined) return 'Reports of it by the application are refused from now on.'
  if (followed(old.from) === followed(from)) return undefined
  return aggregate === 'sum'
    ? 'What the new counters show at first is not billed, and what they count from then on is.'
    : 'Its values come from the new source from now on.'
}

/** What a source follows, as text. */
function followed({ heartbeat, prometheus, otlp }: NonNullable<Dimension['from']>): string {
  if (heartbeat !== undefined) return 'heartbeat'
  const { metric, match = new Map<string, string>() } = prometheus ?? otlp ?? {}
  const only = [...match].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([prometheus === undefined, metric, only])
}

function removed({ name, divisor }: Dimension, next: ProductFile): DimensionComparison {
  const heir = next.dimensions.find(({ replaces }) => replaces?.includes(name))
  const refused = heir === undefined ? '' : ` Records of it that AWS refuses become ${heir.name}.`
  return {
    dimension: name,
    change: 'removed',
    effect: `Open usage is sealed as ${name} with the divisor ${divisor}, as it was reported; new usage is refused. ${fraction}${refused}`,
  }
}
