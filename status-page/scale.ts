/**
 * Returns round values from 0 up to one that is not below `highest`: two to five steps of 1, 2 or 5 times a
 * power of ten. Without usage the scale ends at 1.
 */
export function scaleOf(highest: number): { readonly top: number; readonly ticks: number[] } {
  if (highest <= 0) return { top: 1, ticks: [0] }
  const power = 10 ** Math.floor(Math.log10(highest / 4))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => highest / each <= 4)
  const size = step ?? 10 * power
  const count = Math.ceil(highest / size)
  const ticks = Array.from({ length: count + 1 }, (_, index) => round(index * size))
  return { top: round(count * size), ticks }
}

/** Without the error that a multiplication by 0.1 leaves. */
function round(value: number): number {
  return Number(value.toPrecision(12))
}
