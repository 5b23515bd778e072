import { defaultBakedProductFile } from '../../../config/load-settings.ts'
import { resolveProduct } from '../../../config/resolve-product.ts'
import { SettingValues } from '../../../config/settings/setting-values.ts'
import { SidecarError } from '../../../kernel/errors.ts'
import type { TextReader } from '../../../kernel/text/read-text.ts'
import type { MeaningOf } from '../../../ledger/opening/open-book.ts'
import type { TodaysNames } from '../../../ledger/decisions/reopen-record.ts'
import { readProductFile } from '../../../product/load-product.ts'
import { requireAllowed } from '../../../product/require-allowed.ts'
import type { OperatorPermission, Product } from '../../../product/product.ts'
import { todaysMeaningsOf } from '../../../product/todays-meanings.ts'
import { todaysNamesOf } from '../../../product/todays-names.ts'
import type { CliIo } from '../../cli-io.ts'

/** What a decision needs to know of the product: as the sidecar of this environment reads it. */
export class OperatorProduct {
  readonly #env: CliIo['env']
  readonly #reader: TextReader

  constructor(env: CliIo['env'], reader: TextReader) {
    this.#env = env
    this.#reader = reader
  }

  /** Refuses what a baked product file does not allow. Throws OperatorNotAllowed. */
  requireAllowed(permission: OperatorPermission): void {
    if (!this.#isBaked()) return
    const file = readProductFile(defaultBakedProductFile, this.#reader)
    requireAllowed(permission, file.ok ? (file.value.operator?.allow ?? []) : [])
  }

  readonly meaningOf: MeaningOf = (dimension) => todaysMeaningsOf(this.#product())(dimension)

  /** The settings of the sidecar, those too that its product file fixes; a wrong one is its default. */
  settings(): SettingValues {
    const values = new SettingValues(this.#env, () => {})
    resolveProduct(values, this.#reader, defaultBakedProductFile)
    return values
  }

  todaysNames(): TodaysNames {
    return todaysNamesOf(this.#product())
  }

  #isBaked(): boolean {
    try {
      return this.#reader.readText(defaultBakedProductFile) !== undefined
    } catch {
      // It exists and cannot be read: a buyer must not gain by that.
      return true
    }
  }

  #product(): Product {
    const mistakes: string[] = []
    const values = new SettingValues(this.#env, (mistake) => mistakes.push(mistake))
    const resolved = resolveProduct(values, this.#reader, defaultBakedProductFile)
    if (resolved.ok) return resolved.value.product
    const reasons = [...resolved.failure.mistakes, ...mistakes].join('; ')
    throw new SidecarError(
      'InvalidSettings',
      `The product is not known here, and the decision depends on it; nothing was changed. Run the command where the sidecar runs, with its settings: ${reasons}`,
    )
  }
}
