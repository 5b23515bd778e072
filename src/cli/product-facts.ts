import { createHash, createPublicKey } from 'node:crypto'
import type { ProductFile } from '../product/product.ts'
import { parsePublicKey } from '../product/public-key.ts'

/** Describes a product, for programs. */
export function productFacts({
  productCode,
  trustedProductCodes,
  route,
  publicKeys,
  dimensions,
  settings,
}: ProductFile) {
  return {
    productCode,
    trustedProductCodes,
    route,
    publicKeys: [...publicKeys].map(([version, pem]) => ({
      version,
      bits: bitsOf(pem),
      sha256: fingerprint(pem),
    })),
    dimensions: dimensions.map(({ name, unit = null, divisor, fractions = 'carry' }) => ({
      name,
      unit,
      divisor: String(divisor),
      fractions,
    })),
    settings: Object.fromEntries(settings),
  }
}

/** Describes a product for people, a fact on each line. */
export function productLines(product: ProductFile): string[] {
  const { productCode, trustedProductCodes, route, publicKeys, dimensions, settings } =
    productFacts(product)
  const keys = publicKeys.map((key) => `version ${key.version}, RSA ${key.bits}, ${key.sha256}`)
  const names = dimensions.map(({ name, unit, divisor, fractions }) => {
    const notes = [
      ...(divisor === '1' ? [] : [`${divisor} ${unit ?? 'reported units'} make one of AWS's`]),
      ...(fractions === 'carry' ? [] : ['fractions are sent as decimals']),
    ]
    return notes.length === 0 ? name : `${name} (${notes.join('; ')})`
  })
  const fixed = Object.entries(settings).map(([name, text]) => `${name}=${text}`)
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['product code', [productCode]],
    ['trusted codes', trustedProductCodes],
    ['route', [route]],
    ['public keys', keys],
    ['dimensions', names],
    ...(fixed.length === 0 ? [] : [['fixed settings', fixed] as const]),
  ]
  return rows.flatMap(([label, [first = 'none', ...others]]) => [
    `${label.padEnd(14)} ${first}`,
    ...others.map((other) => `${''.padEnd(14)} ${other}`),
  ])
}

function bitsOf(pem: string): number {
  const key = parsePublicKey(pem)
  return key.ok ? key.value.bits : 0
}

/** As `openssl pkey -pubin -outform der | sha256sum` prints it. */
function fingerprint(pem: string): string {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('hex')
}
