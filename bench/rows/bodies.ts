/** One plain report. */
export const plainReport = JSON.stringify({ dimension: 'requests', quantity: 3 })

/** Makes reports with `sets` different tag sets, all of the same length. */
export function taggedReports(sets: number): string[] {
  return Array.from({ length: sets }, (_, index) =>
    JSON.stringify({
      dimension: 'requests',
      quantity: 3,
      tags: { tenant: `tenant-${String(index).padStart(4, '0')}` },
    }),
  )
}

/** Makes requests with `sets` different tag sets of a dimension, each as large as AWS accepts. */
export function largeTagSets(dimension: string, sets: number): string[] {
  const size = 250
  const one = (index: number) => ({
    dimension,
    quantity: 1,
    tags: Object.fromEntries(
      Array.from({ length: 5 }, (_, tag) => [
        `${tag}`.padEnd(100, 'k'),
        `${index}-`.padEnd(256, 'v'),
      ]),
    ),
  })
  return Array.from({ length: Math.ceil(sets / size) }, (_, request) =>
    JSON.stringify({
      reports: Array.from({ length: size }, (__, index) => one(request * size + index)),
    }),
  )
}

/** Makes a request of `size` reports. */
export function batchOf(size: number): string {
  const reports = Array.from({ length: size }, (_, index) => ({
    dimension: index % 2 === 0 ? 'requests' : 'storage',
    quantity: index + 1,
  }))
  return JSON.stringify({ reports })
}
