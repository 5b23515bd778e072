const factors: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
}

/** Converts a size as Kubernetes writes it, such as `1Gi` or `1073741824`, to bytes. */
export function parseBytes(size: string): number {
  const [, digits = '', unit = ''] = /^(\d+)(\w*)$/.exec(size) ?? []
  return Number(digits) * (factors[unit] ?? Number.NaN)
}
