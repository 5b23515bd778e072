import { describeType } from '../../src/emulator/scenario/check-scenario.ts'
import { scenarioFields } from '../../src/emulator/scenario/scenario-schema.ts'
import type { Field, ValueType } from '../../src/emulator/scenario/scenario-types.ts'
import { operationNames, operations } from '../../src/protocol/operations.ts'

type Fields = Readonly<Record<string, Field>>

/** Renders the scenario file as Markdown: a table for the file and one for each of its sections. */
export function renderScenarioTables(): string {
  const fields: Fields = scenarioFields
  const sections = Object.entries(fields).flatMap(([name, { type }]) => {
    const inner = fieldsOf(type)
    if (inner === undefined) return []
    return [
      `### ${type.kind === 'list' ? `Each of \`${name}\`` : `\`${name}\``}`,
      '',
      render(inner),
    ]
  })
  return [render(fields), ...sections].join('\n').replaceAll('\n###', '\n\n###')
}

/** Renders the errors in the service's model that each operation can return. */
export function renderErrorTable(): string {
  const rows = operationNames.map((name) => {
    const errors = operations[name].errors.map((error) => `\`${error}\``)
    return `| \`${name}\` | ${errors.join(', ')} |`
  })
  return ['| Operation | Errors |', '|---|---|', ...rows].join('\n')
}

function fieldsOf(type: ValueType): Fields | undefined {
  if (type.kind === 'section') return type.fields
  return type.kind === 'list' ? fieldsOf(type.item) : undefined
}

function render(fields: Fields): string {
  const rows = Object.entries(fields).map(([name, { type, required, otherwise, summary }]) => {
    const absent = required === true ? 'required' : (otherwise ?? 'as its fields say')
    return `| \`${name}\` | ${rangeOf(type)} | ${absent} | ${summary} |`
  })
  return ['| Field | Value | If absent | What it says |', '|---|---|---|---|', ...rows].join('\n')
}

function rangeOf(type: ValueType): string {
  if (type.kind !== 'list' || fieldsOf(type) !== undefined) return describeType(type)
  return `${describeType(type)}, each ${describeType(type.item)}`
}
