/** Dimensions that the product does not have share this label, so that no caller can create new ones. */
export const unknownDimension = 'unknown'

/** Returns the label for a dimension: its name, or `unknown` when it is not one of `dimensions`. */
export function createDimensionLabel(
  dimensions: readonly string[],
): (name: string | undefined) => string {
  const known = new Set(dimensions)
  return (name) => (name !== undefined && known.has(name) ? name : unknownDimension)
}

/** Converts micro-units to the number that Prometheus shows. */
export function toUnits(micro: bigint): number {
  return Number(micro) / 1e6
}
