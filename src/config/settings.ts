import type { OperatorPermission, Product } from '../product/product.ts'
import type { Parsed } from './settings/setting-type.ts'
import type { SettingName, SettingRow } from './settings/settings-table.ts'

type RowNamed<N extends SettingName> = Extract<SettingRow, { readonly name: N }>
type MemberRow = Extract<SettingRow, { readonly member: string }>

/** The type of a setting's value; undefined is among it when the setting has no default. */
export type SettingValue<N extends SettingName> = RowNamed<N>['default'] extends string
  ? Parsed<RowNamed<N>['type']>
  : Parsed<RowNamed<N>['type']> | undefined

/** The members that rows of the table name. */
export type SettingMembers = {
  readonly [Row in MemberRow as Row['member']]: SettingValue<Row['name']>
}

/** Everything that the environment and the product file decide, checked and frozen. */
export interface Settings extends SettingMembers {
  readonly product: Product
  /** Whether `awsEndpoint` has to be AWS's own: no buyer may put a server in AWS's place. */
  readonly onlyAwsEndpoints: boolean
  /** What operators may decide of what a baked product file can forbid. */
  readonly operatorMay: readonly OperatorPermission[]
}

/** Environment variables as the program got them. */
export type Environment = Readonly<Record<string, string | undefined>>
