/** One report, plain. */
export const plainReport = JSON.stringify({ dimension: 'requests', quantity: 3 })

/** Reports with `sets` different tag sets, which are all of the same length. */
export function taggedReports(sets: number): string[] {
  return Array.from({ length: sets }, (_, index) =>
    JSON.stringify({
      dimension: 'requests',
      quantity: 3,
      tags: { tenant: `tenant-${String(index).padStart(4, '0')}` },
    }),
  )
}

/** A request of `size` reports. */
export function batchOf(size: number): string {
  const reports = Array.from({ length: size }, (_, index) => ({
    dimension: index % 2 === 0 ? 'requests' : 'storage',
    quantity: index + 1,
  }))
  return JSON.stringify({ reports })
}
