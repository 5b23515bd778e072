/**
 * Returns the known name that was probably meant: the one with the fewest letters to insert, remove, change or
 * swap with the next, and at most `most` of them. Undefined when no name is that near.
 */
export function nearestName(
  wanted: string,
  known: readonly string[],
  most = Math.floor(wanted.length / 3),
): string | undefined {
  // What differs more in length differs in more letters; a client's own name may be as long as a body.
  const [best] = known
    .filter((name) => Math.abs(name.length - wanted.length) <= most)
    .map((name) => ({ name, distance: editDistance(wanted, name) }))
    .toSorted((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance <= most ? best.name : undefined
}

/** How many letters have to be inserted, removed, changed or swapped with the next to turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let twoAbove: readonly number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const change = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      const isSwapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const swap = isSwapped ? (twoAbove[column - 2] ?? Infinity) + 1 : Infinity
      current.push(Math.min(change, swap, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    twoAbove = above
    above = current
  }
  return above[b.length] ?? 0
}
