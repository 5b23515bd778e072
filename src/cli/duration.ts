const unitsMs = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])

/** Parses `500ms`, `20s`, `1.5m` or `1h` into milliseconds above 0; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text) ?? []
  const ms = Number(digits) * (unitsMs.get(unit ?? '') ?? NaN)
  return ms > 0 ? ms : undefined
}

/** Shows 20000 as `20 s`: in the largest unit that gives at least 1. */
export function showDuration(ms: number): string {
  const [unit, size] = [...unitsMs].findLast(([, candidate]) => ms >= candidate) ?? ['ms', 1]
  return `${Number((ms / size).toFixed(3))} ${unit}`
}
