/** Codes that a record bears for a decision of an operator, of an adoption or of sealing, and not for an answer of AWS. */
export const decisionCodes = [
  'ResolvedDelivered',
  'ResolvedResend',
  'Reopened',
  'WrittenOff',
  'HeldByAdoption',
  'AheadOfAws',
] as const

export function isDecision(code: string): boolean {
  return decisionCodes.some((known) => known === code)
}
