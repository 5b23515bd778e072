import {
  collectMistakes,
  show,
  type Mistakes,
  type ReportMistake,
} from '../kernel/schema/mistakes.ts'
import type { TextReader } from '../kernel/text/read-text.ts'
import { fail, succeed, type Result } from '../kernel/result.ts'
import { readProductFile } from '../product/load-product.ts'
import type { OperatorPermission, Product, ProductFile } from '../product/product.ts'
import { operatorPermissions } from '../product/product-schema.ts'
import { hasCustomers } from '../product/routes.ts'
import { productFromEnvironment } from './product-from-environment.ts'
import { decidedBy, type SettingValues } from './settings/setting-values.ts'
import { identityNames } from './settings/settings-table.ts'

interface ResolvedProduct {
  readonly product: Product
  /** The file that the product was read from; undefined when the environment describes it. */
  readonly file: string | undefined
  /** Only an endpoint of AWS is called: the file is baked into the image, and names no endpoint itself. */
  readonly onlyAwsEndpoints: boolean
  /** What operators may decide: what the file says where it is baked into the image, else all. */
  readonly operatorMay: readonly OperatorPermission[]
}

interface FoundProduct {
  readonly product: Product
  readonly operatorMay: readonly OperatorPermission[]
}

interface WrongProduct {
  /** Empty when the reason is a wrong setting, which `SettingValues` reports. */
  readonly mistakes: Mistakes
  /** As in `ResolvedProduct`. */
  readonly file: string | undefined
}

/**
 * Finds the product: in the file that is baked into the image; without one in SIDECAR_PRODUCT_FILE; and
 * without that in the environment. A file decides alone: of its identity the environment can change
 * only the product code, and only to one that the file trusts. What the file fixes is then in `values`.
 */
export function resolveProduct(
  values: SettingValues,
  reader: TextReader,
  bakedPath: string,
): Result<ResolvedProduct, WrongProduct> {
  const isBaked = exists(bakedPath, reader)
  const file = isBaked ? bakedPath : values.get('SIDECAR_PRODUCT_FILE')
  const product = collectMistakes((report) => {
    if (file !== undefined) return productFromFile(file, isBaked, values, reader, report)
    // A path that was given and is wrong has its own line; more would only confuse.
    if (values.given.has('SIDECAR_PRODUCT_FILE')) return undefined
    const described = productFromEnvironment(values, reader, report)
    return described && { product: described, operatorMay: operatorPermissions }
  })
  return product.ok
    ? succeed({
        ...product.value,
        file,
        onlyAwsEndpoints: isBaked && !values.pinned.has('SIDECAR_AWS_ENDPOINT'),
      })
    : fail({ mistakes: product.failure, file })
}

function exists(path: string, reader: TextReader): boolean {
  try {
    return reader.readText(path) !== undefined
  } catch {
    // It exists and can't be read: falling back to the environment would let a buyer take over.
    return true
  }
}

function productFromFile(
  path: string,
  isBaked: boolean,
  values: SettingValues,
  reader: TextReader,
  report: ReportMistake,
): FoundProduct | undefined {
  const forbidden = isBaked ? (['SIDECAR_PRODUCT_FILE', ...identityNames] as const) : identityNames
  for (const name of forbidden.filter((known) => values.given.has(known))) {
    report(decidedBy(path, name))
  }
  const file = readProductFile(path, reader)
  if (file.ok) {
    values.pin(file.value.settings, path, report)
    return {
      product: withChosenCode(file.value, path, values, report),
      operatorMay: isBaked ? (file.value.operator?.allow ?? []) : operatorPermissions,
    }
  }
  for (const mistake of file.failure) report(`${path}: ${mistake}`)
  return undefined
}

function withChosenCode(
  file: ProductFile,
  path: string,
  values: SettingValues,
  report: ReportMistake,
): Product {
  const code = values.get('SIDECAR_PRODUCT_CODE') ?? file.productCode
  const allowed = [file.productCode, ...file.trustedProductCodes]
  if (!allowed.includes(code)) {
    report(
      `SIDECAR_PRODUCT_CODE: ${show(code)} is not one that ${path} trusts; remove the setting, or ` +
        'ask the seller for an image that trusts this code',
    )
  }
  const { route, publicKeys, region, customerIds, dimensions, untaggedAs, replaces } = file
  const customers = hasCustomers(route) ? { region, customerIds } : {}
  return { productCode: code, route, publicKeys, ...customers, dimensions, untaggedAs, replaces }
}
