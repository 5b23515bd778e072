export interface TextType {
  readonly kind: 'text'
  readonly maxLength: number
  readonly allowed: (text: string) => boolean
  /** What is allowed, in words. */
  readonly range: string
}

interface IntegerType {
  readonly kind: 'integer'
  readonly min: number
  readonly max: number
}

interface PlainType {
  readonly kind: 'boolean' | 'time'
}

interface ChoiceType {
  readonly kind: 'choice'
  readonly choices: readonly string[]
}

export interface ListType {
  readonly kind: 'list'
  readonly item: ValueType
  /** What the list holds, in the plural. */
  readonly noun: string
  readonly min: number
  readonly max: number
}

export interface SectionType {
  readonly kind: 'section'
  readonly fields: Readonly<Record<string, Field>>
}

export type ValueType = TextType | IntegerType | PlainType | ChoiceType | ListType | SectionType

export interface Field {
  readonly type: ValueType
  readonly required?: true
  /** What holds when the field is absent, in words. */
  readonly otherwise?: string
  readonly summary: string
}

/** What a value of a type is after the check: times are instants, ms. */
export type ScenarioValue<T> = T extends { readonly kind: 'text' }
  ? string
  : T extends { readonly kind: 'choice'; readonly choices: readonly (infer C)[] }
    ? C
    : T extends { readonly kind: 'integer' | 'time' }
      ? number
      : T extends { readonly kind: 'boolean' }
        ? boolean
        : T extends { readonly kind: 'list'; readonly item: infer I }
          ? readonly ScenarioValue<I>[]
          : T extends { readonly kind: 'section'; readonly fields: infer F }
            ? FieldValues<F>
            : never

type FieldValues<F> = {
  readonly [K in keyof F as F[K] extends { required: true } ? K : never]: FieldValue<F[K]>
} & {
  readonly [K in keyof F as F[K] extends { required: true } ? never : K]?: FieldValue<F[K]>
}
type FieldValue<F> = F extends { readonly type: infer T } ? ScenarioValue<T> : never
