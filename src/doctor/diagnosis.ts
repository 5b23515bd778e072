import { isIP } from 'node:net'
import { adviseOnCredentials } from '../aws/advise-on-credentials.ts'
import { createMarketplaceMetering, defaultEndpoint } from '../aws/marketplace-metering.ts'
import type { MeteringApi } from '../aws/metering-api.ts'
import { defaultBakedProductFile, readSettings } from '../config/load-settings.ts'
import { resolveProduct, type ResolvedProduct } from '../config/resolve-product.ts'
import { SettingValues } from '../config/setting-values.ts'
import type { SettingName } from '../config/settings-table.ts'
import { Events } from '../kernel/events.ts'
import { fail, succeed, type Result } from '../kernel/result.ts'
import { withDeadline } from '../kernel/with-deadline.ts'
import { detectPlatform } from '../platform/detect-platform.ts'
import type { Platform } from '../platform/platform.ts'
import type { Product } from '../product/product.ts'
import type { Machine } from './machine.ts'

/** What the checks share. Each part is found out once, when a check first asks for it. */
export class Diagnosis {
  readonly machine: Machine
  /** A wrong setting counts as its default here. */
  readonly values: SettingValues
  readonly settingMistakes: readonly string[]
  readonly productMistakes: readonly string[]
  readonly resolved: ResolvedProduct | undefined
  /** The longest wait of each step, ms. */
  readonly timeoutMs: number
  #platform: Promise<Platform> | undefined
  #addresses: Promise<readonly string[]> | undefined
  #api: MeteringApi | undefined

  constructor(machine: Machine) {
    const { env, reader, bakedProductFile = defaultBakedProductFile } = machine
    const all: string[] = []
    const product: string[] = []
    readSettings(env, reader, (line) => all.push(line), { bakedProductFile })
    this.machine = machine
    this.values = new SettingValues(env, () => {})
    this.resolved = resolveProduct(this.values, reader, bakedProductFile, (line) =>
      product.push(line),
    )
    this.productMistakes = product
    this.settingMistakes = all.filter((line) => !product.includes(line))
    this.timeoutMs = this.values.get('SIDECAR_AWS_TIMEOUT_MS')
  }

  /** The product; undefined when anything about it is wrong. */
  get product(): Product | undefined {
    return this.productMistakes.length === 0 ? this.resolved?.product : undefined
  }

  /** Returns those of the settings that have a wrong value. */
  wrong(...names: readonly SettingName[]): SettingName[] {
    return names.filter((name) => !this.values.areSound(name))
  }

  platform(): Promise<Platform> {
    const { env, hostname, clock } = this.machine
    return (this.#platform ??= detectPlatform({
      env,
      hostname,
      clock,
      region: this.values.get('SIDECAR_REGION'),
      endpoint: this.values.get('SIDECAR_AWS_ENDPOINT'),
    }))
  }

  /** Returns where the sidecar calls AWS, or a sentence that says why this is unknown. */
  async endpoint(): Promise<Result<URL, string>> {
    const [wrong] = this.wrong('SIDECAR_AWS_ENDPOINT')
    if (wrong !== undefined) return fail(`${wrong} is wrong.`)
    const configured = this.values.get('SIDECAR_AWS_ENDPOINT')
    const { region } = await this.platform()
    if (configured !== undefined) return succeed(new URL(configured))
    return region === undefined
      ? fail('The endpoint is unknown because the region is.')
      : succeed(new URL(defaultEndpoint(region.region)))
  }

  /** Returns the addresses of the endpoint's host; an address is its own. Rejects with the system's code. */
  addresses(host: string): Promise<readonly string[]> {
    return (this.#addresses ??=
      isIP(host) === 0 ? this.machine.lookup(host) : Promise.resolve([host]))
  }

  /** Returns a client that calls AWS as the sidecar does. The region must be known. */
  async api(): Promise<MeteringApi> {
    const { clock, credentials } = this.machine
    const platform = await this.platform()
    this.#api ??= createMarketplaceMetering({
      region: platform.region?.region ?? '',
      endpoint: this.values.get('SIDECAR_AWS_ENDPOINT'),
      timeoutMs: this.timeoutMs,
      credentials,
      events: new Events(),
      clock,
    })
    return adviseOnCredentials(this.#api, platform.credentialWarning)
  }

  /** Waits for `work`, but no longer than one call of AWS may last. */
  inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<Result<T, 'timed-out'>> {
    return withDeadline(this.machine.clock, this.timeoutMs, work)
  }

  close(): void {
    this.#api?.close()
  }
}
