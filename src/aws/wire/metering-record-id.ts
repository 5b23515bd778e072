/** AWS's ids have 36 characters. They are kept for weeks, so one without a limit would fill ledger and memory. */
const idPattern = /^[!-~]{1,255}$/

/** Whether a member of an answer can be the id of a record. */
export function isMeteringRecordId(value: unknown): value is string {
  return typeof value === 'string' && idPattern.test(value)
}
