/** The environment of phase-probe.ts. */
export const probeVariables = {
  /** Where the current phase is written. */
  phaseFile: 'PROBE_PHASE_FILE',
  /** `step:n`: SIGKILL when the step is reached for the n-th time; `step:n:other` counts groups with `other` only. */
  killAt: 'PROBE_KILL_AT',
  /** `n`: SIGKILL before the n-th statement of SQLite that this process runs. */
  killAtStatement: 'PROBE_KILL_AT_STATEMENT',
  /** How many flushes succeed before all fail. */
  failDataSyncAfter: 'PROBE_FAIL_DATASYNC_AFTER',
  /** How many flushes end before none does. */
  hangDataSyncAfter: 'PROBE_HANG_DATASYNC_AFTER',
} as const
