import type { OwnCode } from '../kernel/problems/own-code-table.ts'
import type { Platform } from './platform.ts'

/** Says why AWS must not be called from here; undefined when it may. */
export function regionDenial({
  mismatches,
  region,
  warnings,
}: Platform): { readonly code: OwnCode; readonly message: string } | undefined {
  if (mismatches.length > 0) return { code: 'RegionMismatch', message: mismatches.join(' ') }
  if (region !== undefined) return undefined
  const message = `The region where this runs is unknown. ${warnings.join(' ')}`
  return { code: 'RegionUnknown', message }
}
