/** PromQL keywords that are followed by a list of labels. */
const listOfLabels = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g
const words = new Set(['and', 'or', 'unless', 'bool', 'offset'])

/** Returns every metric that a PromQL expression reads. */
export function metricNamesIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(listOfLabels, '')
  const names = [...bare.matchAll(/(?<![\w$])([A-Za-z_]\w*)\b(?!\s*\()/g)].map(([, name]) => name)
  return [...new Set(names)].filter((name) => name !== undefined && !words.has(name)) as string[]
}
