import type { Platform } from './platform.ts'

/** Why AWS must not be called from here at all, if so. */
export function regionDenial({
  mismatches,
  region,
  warnings,
}: Platform): { readonly code: string; readonly message: string } | undefined {
  if (mismatches.length > 0) return { code: 'RegionMismatch', message: mismatches.join(' ') }
  if (region !== undefined) return undefined
  const message = `It could not be found out in which region this runs. ${warnings.join(' ')}`
  return { code: 'RegionUnknown', message }
}
