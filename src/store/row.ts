/**
 * A row of either database. Both give the columns the same names; integers come as number or bigint, and
 * what is true as true or 1.
 */
export type Row = Readonly<Record<string, unknown>>

export function text(row: Row, column: string): string {
  return String(row[column])
}

export function integer(row: Row, column: string): number {
  return Number(row[column])
}

export function optionalText(row: Row, column: string): string | undefined {
  return (row[column] ?? null) === null ? undefined : text(row, column)
}

export function optionalInteger(row: Row, column: string): number | undefined {
  return (row[column] ?? null) === null ? undefined : integer(row, column)
}
