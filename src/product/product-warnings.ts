import { show } from '../kernel/schema/mistakes.ts'
import type { ProductFile } from './product.ts'
import { routeOf } from './routes.ts'
import { parsePublicKey, soundKeyBits } from './public-key.ts'

/** What `product init` writes where no product code was given. */
export const placeholderCode = 'replace-with-your-product-code'

/** The codes of the examples in this repository; those of AWS are random. */
const exampleCode = /example|your-product-code/

/** Lists what a product file may say but probably should not, a sentence each. */
export function productWarnings(file: ProductFile): string[] {
  return [...keyWarnings(file), ...identityWarnings(file)]
}

/** The warnings about everything but keys. */
export function identityWarnings(file: ProductFile): string[] {
  return [
    ...codeWarnings(file),
    ...routeWarnings(file),
    ...standingWarnings(file),
    ...replacesWarnings(file),
  ]
}

/** The warnings about keys. */
export function keyWarnings({ publicKeys }: Pick<ProductFile, 'publicKeys'>): string[] {
  const warnings: string[] = []
  const versions = new Map<string, number>()
  for (const [version, pem] of publicKeys) {
    const key = parsePublicKey(pem)
    if (key.ok && key.value.bits < soundKeyBits)
      warnings.push(
        `publicKeys["${version}"]: the key has ${key.value.bits} bits only; ask AWS for one of ${soundKeyBits} bits or more.`,
      )
    const twin = versions.get(pem)
    if (twin !== undefined)
      warnings.push(
        `publicKeys["${version}"]: this is also the key of version ${twin}; compare both with the portal.`,
      )
    versions.set(pem, version)
  }
  return warnings
}

function codeWarnings({ productCode, trustedProductCodes }: ProductFile): string[] {
  const placeholder = exampleCode.test(productCode)
    ? ['productCode: this is a placeholder; replace it with your product code from the AWS portal.']
    : []
  const examples = trustedProductCodes.flatMap((code, index) =>
    exampleCode.test(code)
      ? [
          `trustedProductCodes[${index}]: ${show(code)} is a placeholder; replace it with a code from the AWS portal, or remove it.`,
        ]
      : [],
  )
  const doubled = trustedProductCodes.flatMap((code, index) =>
    code === productCode || trustedProductCodes.indexOf(code) < index
      ? [`trustedProductCodes[${index}]: ${show(code)} is listed already; remove it.`]
      : [],
  )
  return [...placeholder, ...examples, ...doubled]
}

function routeWarnings({
  route,
  publicKeys,
  dimensions,
  region,
  customerIds,
}: ProductFile): string[] {
  const { needs, channel } = routeOf(route)
  const warnings: string[] = []
  if (!needs.includes('publicKeys') && publicKeys.size > 0)
    warnings.push(`publicKeys: the route ${route} does not use them.`)
  if (channel === undefined && dimensions.length > 0)
    warnings.push(`dimensions: with the route ${route} AWS accepts no records of them.`)
  if (!needs.includes('customerIds') && (region ?? customerIds) !== undefined)
    warnings.push(`region, customerIds: the route ${route} has no customers, and uses neither.`)
  return warnings
}

function standingWarnings({ dimensions }: ProductFile): string[] {
  return dimensions.flatMap(({ aggregate, staleAfterSeconds }, index) =>
    staleAfterSeconds === undefined || aggregate === 'integral'
      ? []
      : [
          `dimensions[${index}].staleAfterSeconds: only the aggregate integral has values that stand; remove it.`,
        ],
  )
}

function replacesWarnings({ productCode, replaces = [], dimensions }: ProductFile): string[] {
  const today = new Set(dimensions.map(({ name }) => name))
  const ofDimensions = dimensions.flatMap(({ replaces: names = [] }, index) =>
    names
      .filter((name) => today.has(name))
      .map(
        (name) =>
          `dimensions[${index}].replaces: ${show(name)} is a dimension of this file, so its records stay its own; remove it from the list.`,
      ),
  )
  const ofCode = replaces.includes(productCode)
    ? [`replaces: ${show(productCode)} is the product code of this file; remove it from the list.`]
    : []
  return [...ofDimensions, ...ofCode]
}
