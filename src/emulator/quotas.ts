import { Allowance } from '../kernel/allowance.ts'
import type { Clock } from '../kernel/clock.ts'
import type { OperationName } from '../protocol/operations.ts'
import type { EmulatorSettings } from './emulator-settings.ts'
import type { EmulatedTask } from './marketplace.ts'

const settingOf = {
  RegisterUsage: 'registerUsagePerSecond',
  MeterUsage: 'meterUsagePerSecond',
  BatchMeterUsage: 'batchMeterUsagePerSecond',
  ResolveCustomer: undefined,
} as const satisfies Record<OperationName, keyof EmulatorSettings | undefined>

/** AWS's quotas: so many calls a second of an operation for an account and region, and as many at once. */
export class Quotas {
  readonly #clock: Clock
  readonly #allowances = new Map<string, Allowance>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts a call, and reports whether the quota has room for it. */
  take(
    operation: OperationName,
    caller: { readonly accessKeyId: string; readonly region: string },
    tasks: readonly EmulatedTask[],
    settings: EmulatorSettings,
  ): boolean {
    const setting = settingOf[operation]
    const perSecond = setting === undefined ? 0 : settings[setting]
    if (perSecond === 0) return true
    // Tasks that no scenario describes run in one account.
    const account = tasks.find(({ accessKeyId }) => accessKeyId === caller.accessKeyId)?.buyer ?? ''
    const key = JSON.stringify([operation, account, caller.region, perSecond])
    const rules = { burst: perSecond, refillMs: 1000 / perSecond }
    const allowance = this.#allowances.get(key) ?? new Allowance(rules, this.#clock)
    this.#allowances.set(key, allowance)
    return allowance.use() === 0
  }

  reset(): void {
    this.#allowances.clear()
  }
}
