/** The task or pod that a store acts for; undefined for one that sees the whole book. */
export interface Scope {
  readonly resource: string
  readonly id: number
}
