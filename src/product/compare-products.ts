import type { Dimension, ProductFile } from './product.ts'

type DimensionChange =
  'same' | 'new-fractions' | 'new-divisor' | 'new-product-code' | 'removed' | 'added'

/** What a changed product file does to the usage of a dimension that is open when its image starts. */
interface DimensionComparison {
  readonly dimension: string
  /** A new divisor is named even where the product code is new too. */
  readonly change: DimensionChange
  /** For people. */
  readonly effect: string
}

/** Compares two product files, dimension by dimension: those of the new file first, in their order. */
export function compareProducts(old: ProductFile, next: ProductFile): DimensionComparison[] {
  const before = new Map(old.dimensions.map((dimension) => [dimension.name, dimension]))
  const after = new Set(next.dimensions.map(({ name }) => name))
  const isRecoded = old.productCode !== next.productCode
  const codes = `Open usage keeps the product code ${old.productCode}, and new usage has ${next.productCode}.`
  return [
    ...next.dimensions.map((dimension) => {
      const { name } = dimension
      const earlier = before.get(name)
      if (earlier === undefined) return { dimension: name, ...added(dimension) }
      const divisors = changeOfDivisor(earlier, dimension)
      if (divisors !== undefined)
        return {
          dimension: name,
          ...divisors,
          effect: divisors.effect + (isRecoded ? ` ${codes}` : ''),
        }
      if (isRecoded)
        return {
          dimension: name,
          change: 'new-product-code' as const,
          effect: `${codes} ${fraction}`,
        }
      return {
        dimension: name,
        ...(changeOfFractions(earlier, dimension) ?? {
          change: 'same' as const,
          effect: 'Open usage continues.',
        }),
      }
    }),
    ...old.dimensions.filter(({ name }) => !after.has(name)).map((gone) => removed(gone, next)),
  ]
}

const fraction = 'The old fraction is not billed any more.'

function added({ replaces = [] }: Dimension) {
  const from =
    replaces.length === 0 ? '' : ` It replaces ${replaces.join(', ')} in refused records.`
  return { change: 'added' as const, effect: `There is no open usage of it.${from}` }
}

/** The form of a record is no part of what usage means: today's file decides for open usage too. */
function changeOfFractions(old: Dimension, next: Dimension) {
  if ((old.fractions ?? 'carry') === (next.fractions ?? 'carry')) return undefined
  const effect =
    next.fractions === 'send'
      ? 'The next record is a decimal, and holds open usage and what earlier hours left over.'
      : 'The next record has whole units. What is below one unit stays for later hours.'
  return { change: 'new-fractions' as const, effect: `Open usage continues. ${effect}` }
}

function changeOfDivisor(old: Dimension, next: Dimension) {
  if (old.divisor === next.divisor) return undefined
  return {
    change: 'new-divisor' as const,
    effect: `Open usage keeps the divisor ${old.divisor}, and new usage has ${next.divisor}. ${fraction}`,
  }
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
