import type { ModelErrorName } from './service-errors.ts'

/** Errors that stand for a broken limit where AWS has a name for it; all others are ValidationException. */
type LimitErrorName = 'InvalidTagException' | 'InvalidUsageAllocationsException'

interface Common {
  readonly required?: true
  readonly limitError?: LimitErrorName
}

export interface StringMember extends Common {
  readonly type: 'string'
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  /** The only possible values. */
  readonly values?: readonly string[]
  /** SDKs fill in a random value when the caller gives none. */
  readonly idempotencyToken?: true
}

interface IntegerMember extends Common {
  readonly type: 'integer'
  readonly min?: number
  readonly max?: number
}

/** A timestamp is a number of epoch seconds, which may have a fraction. */
interface PlainMember extends Common {
  readonly type: 'timestamp' | 'boolean'
}

export interface ListMember extends Common {
  readonly type: 'list'
  readonly minItems?: number
  readonly maxItems?: number
  readonly item: Member
}

export interface StructureMember extends Common {
  readonly type: 'structure'
  readonly members: Members
}

export type Member = StringMember | IntegerMember | PlainMember | ListMember | StructureMember
export type Members = Readonly<Record<string, Member>>

/** The type of a member's value on the wire. */
export type ValueOf<M> = M extends {
  readonly type: 'string'
  readonly values: readonly (infer V)[]
}
  ? V
  : M extends { readonly type: 'string' }
    ? string
    : M extends { readonly type: 'integer' | 'timestamp' }
      ? number
      : M extends { readonly type: 'boolean' }
        ? boolean
        : M extends { readonly type: 'list'; readonly item: infer I }
          ? readonly ValueOf<I>[]
          : M extends { readonly type: 'structure'; readonly members: infer N }
            ? ValuesOf<N>
            : never

/** The type of an object that has these members. */
export type ValuesOf<N> = {
  readonly [K in keyof N as N[K] extends { required: true } ? K : never]: ValueOf<N[K]>
} & {
  readonly [K in keyof N as N[K] extends { required: true } ? never : K]?: ValueOf<N[K]>
}

/** One operation of the service as data. */
export interface Operation {
  readonly input: Members
  readonly output: Members
  /** The errors of the service model that it can answer. Any AWS service may answer the general ones. */
  readonly errors: readonly ModelErrorName[]
}
