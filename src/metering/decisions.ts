/** Codes that a record bears for the decision of an operator or of an adoption, and not for an answer of AWS. */
export const decisionCodes = [
  'ResolvedDelivered',
  'ResolvedResend',
  'Reopened',
  'WrittenOff',
  'HeldByAdoption',
] as const

export function isDecision(code: string): boolean {
  return decisionCodes.some((known) => known === code)
}
