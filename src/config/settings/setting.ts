import type { Product } from '../../product/product.ts'
import type { SettingType } from './setting-type.ts'

/** The most that hours of products which the buyer runs wait, s: AWS accepts their records for some hours only. */
export const longestSealDelay = 1800

/** One setting. To add one, add a row, and read its member of `Settings` where it decides something. */
export interface Setting {
  readonly name: string
  /**
   * The member of `Settings` that has the value: in milliseconds for a setting in seconds, and the
   * content of the file for a secret. None for what only describes the product.
   */
  readonly member?: string
  readonly type: SettingType
  /** As the environment would have it; undefined when there is none. */
  readonly default: string | undefined
  /** The default where the product has customers, if it is another. */
  readonly saasDefault?: string
  /** One sentence for the operator. */
  readonly summary: string
  /** What the product file says instead, for people. The file alone decides it, but for the code. */
  readonly ofProduct?: (product: Product) => string
}
