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

/** Makes a request of `size` reports. */
export function batchOf(size: number): string {
  const reports = Array.from({ length: size }, (_, index) => ({
    dimension: index % 2 === 0 ? 'requests' : 'storage',
    quantity: index + 1,
  }))
  return JSON.stringify({ reports })
}
