import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, type Tags, type YAMLSeq } from 'yaml'
import { root } from '../program/program.ts'

export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [name: string]: Json
}

export interface Template {
  readonly Parameters: Readonly<Record<string, JsonObject>>
  readonly Rules: Readonly<Record<string, JsonObject>>
  readonly Resources: Readonly<Record<string, { Type: string; Properties: JsonObject }>>
}

/** A template as CloudFormation reads it: `!Ref x` is `{"Ref": "x"}`. */
export function readTemplate(name = 'cloudformation.yaml'): Template {
  const text = readFileSync(join(root, 'deploy', name), 'utf8')
  return parse(text, { customTags: shortForms }) as Template
}

const shortForms: Tags = [
  ...['Ref', 'Sub', 'GetAtt'].map((name) => ({
    tag: `!${name}`,
    resolve: (value: string) => ({ [longForm(name)]: value }),
  })),
  ...['If', 'Not', 'Equals'].map((name) => ({
    tag: `!${name}`,
    collection: 'seq' as const,
    resolve: (value: YAMLSeq) => ({ [longForm(name)]: value.toJSON() as Json }),
  })),
]

function longForm(name: string): string {
  return name === 'Ref' ? name : `Fn::${name}`
}

const noValue = { Ref: 'AWS::NoValue' }

/**
 * Returns a property in which every reference has the value that `values` gives it, and every choice is made by
 * `conditions`. A member without a value is left out.
 */
export function resolveReferences(
  property: Json,
  values: Readonly<Record<string, Json>>,
  conditions: Readonly<Record<string, boolean>> = {},
): Json {
  const resolve = (inner: Json) => resolveReferences(inner, values, conditions)
  if (typeof property !== 'object' || property === null) return property
  if (isList(property)) return property.map(resolve)
  const [[name, argument] = ['', null], ...more] = Object.entries(property)
  if (name === 'Fn::If' && Array.isArray(argument)) {
    const [condition, met, unmet] = argument as unknown as readonly [string, Json, Json]
    const isMet = conditions[condition]
    if (isMet === undefined) throw new Error(`the condition ${condition} is not given`)
    return resolve(isMet ? met : unmet)
  }
  if (name === 'Ref' && argument === noValue.Ref) return noValue
  const isReference = more.length === 0 && (name === 'Ref' || name === 'Fn::GetAtt')
  if (isReference && typeof argument === 'string') {
    const value = values[argument]
    if (value === undefined) throw new Error(`nothing is given for ${argument}`)
    return value
  }
  return Object.fromEntries(
    Object.entries(property)
      .map(([key, inner]) => [key, resolve(inner)] as const)
      .filter(([, inner]) => inner !== noValue),
  )
}

/** CloudFormation writes `ContainerPort` where the API of ECS has `containerPort`. */
export function asApiMembers(property: Json): Json {
  if (typeof property !== 'object' || property === null) return property
  if (isList(property)) return property.map(asApiMembers)
  return Object.fromEntries(
    Object.entries(property).map(([key, inner]) => [
      `${key.slice(0, 1).toLowerCase()}${key.slice(1)}`,
      asApiMembers(inner),
    ]),
  )
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
