import { readFileSync } from 'node:fs'

export interface GridPosition {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

export interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly datasource?: { readonly type: string; readonly uid: string }
  readonly gridPos: GridPosition
  readonly links?: readonly Link[]
  readonly fieldConfig?: { readonly defaults: { readonly min?: number } }
  readonly targets?: readonly {
    readonly refId: string
    readonly expr: string
    readonly datasource: { readonly type: string; readonly uid: string }
  }[]
}

export interface Variable {
  readonly name: string
  readonly type: string
  readonly query: string | { readonly query: string }
  /** What stands for all values. Without one, Grafana lists them, and none is left where the label is missing. */
  readonly allValue?: string
}

export interface Link {
  readonly title: string
  readonly url: string
}

export interface Annotation {
  readonly name: string
  readonly expr: string
  readonly useValueForTime: boolean
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly schemaVersion: number
  readonly templating: { readonly list: readonly Variable[] }
  readonly panels: readonly Panel[]
  readonly links: readonly Link[]
  readonly annotations: { readonly list: readonly Annotation[] }
}

/** The dashboard that the chart installs. */
export function readDashboard(): Dashboard {
  const path = '../../helm/marketplace-sidecar/files/dashboard.json'
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Dashboard
}

/** Replaces the variables of an expression with these values, as Grafana does. */
export function expand(expression: string, values: Readonly<Record<string, string>>): string {
  return expression.replaceAll(/\$\{?(\w+)\}?/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`unknown variable ${name}`)
    return value
  })
}
