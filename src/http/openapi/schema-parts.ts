import type { JsonSchema } from '../../kernel/schema/schema.ts'

export type Properties<T> = Readonly<Record<keyof T & string, JsonSchema>>

export const time = { type: 'string', format: 'date-time' } as const
export const timeOrNull = { type: ['string', 'null'], format: 'date-time' } as const
export const text = { type: 'string' } as const
export const bytesOrNull = { type: ['integer', 'null'], minimum: 0 } as const
export const textOrNull = { type: ['string', 'null'] } as const
export const whole = { type: 'integer', minimum: 0 } as const
export const quantity = { type: 'number', minimum: 0 } as const

/** Describes an answer whose members are always there. Programs ignore members that later versions add. */
export function answer<T>(description: string, properties: Properties<T>): JsonSchema {
  return { type: 'object', description, required: Object.keys(properties), properties }
}

export function listOf(name: string): JsonSchema {
  return { type: 'array', items: { $ref: `#/components/schemas/${name}` } }
}
