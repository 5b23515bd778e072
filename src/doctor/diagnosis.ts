import { isIP } from 'node:net'
import { adviseOnCredentials } from '../aws/advise-on-credentials.ts'
import { createMarketplaceMetering, defaultEndpoint } from '../aws/marketplace-metering.ts'
import type { MeteringApi } from '../aws/metering-api.ts'
import type { Clock } from '../kernel/clock.ts'
import { defaultBakedProductFile, readSettings } from '../config/load-settings.ts'
import type { Product } from '../product/product.ts'
import type { TextReader } from '../kernel/read-text.ts'
import { resolveProduct, type ResolvedProduct } from '../config/resolve-product.ts'
import { SettingValues } from '../config/setting-values.ts'
import type { Environment } from '../config/settings.ts'
import type { SettingName } from '../config/settings-table.ts'
import { Events } from '../kernel/events.ts'
import { detectPlatform } from '../platform/detect-platform.ts'
import type { Platform } from '../platform/platform.ts'
import { withDeadline, type timedOut } from '../kernel/with-deadline.ts'

/** Everything that the checks have of the outside. */
export interface Machine {
  readonly env: Environment
  readonly reader: TextReader
  readonly bakedProductFile?: string
  readonly hostname: string
  /** Wall clock and timers. */
  readonly clock: Clock
  /** Every address of a host; rejects with the system's code. */
  readonly lookup: (host: string) => Promise<readonly string[]>
  readonly randomBytes: (length: number) => Uint8Array
  /** Of this process; undefined where the system has none. */
  readonly userId: number | undefined
  /** The text of /proc/self/mountinfo; undefined where there is none. */
  readonly mountInfo: () => string | undefined
  /** Whether AWS may be called in the name of this task or pod. */
  readonly callAws: boolean
  /** Certificates to trust instead of the machine's. */
  readonly ca?: string
  /** Where AWS_CONTAINER_CREDENTIALS_RELATIVE_URI leads. */
  readonly credentialsHost?: string
  /** Instead of those that the SDK finds. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** What the checks share; each part is found out once, when a check first asks for it. */
export class Diagnosis {
  readonly machine: Machine
  /** A setting that is wrong counts as its default here. */
  readonly values: SettingValues
  readonly settingMistakes: readonly string[]
  readonly productMistakes: readonly string[]
  readonly resolved: ResolvedProduct | undefined
  /** For each thing that is waited for. */
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

  /** The product, when nothing is wrong with it. */
  get product(): Product | undefined {
    return this.productMistakes.length === 0 ? this.resolved?.product : undefined
  }

  /** The names among these that were given wrongly. */
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

  /** Where the sidecar calls AWS, or a sentence why that cannot be told. */
  async endpoint(): Promise<URL | string> {
    const [wrong] = this.wrong('SIDECAR_AWS_ENDPOINT')
    if (wrong !== undefined) return `${wrong} is wrong.`
    const configured = this.values.get('SIDECAR_AWS_ENDPOINT')
    const { region } = await this.platform()
    if (configured !== undefined) return new URL(configured)
    return region === undefined
      ? 'The region is unknown, and with it the endpoint.'
      : new URL(defaultEndpoint(region.region))
  }

  /** Of the endpoint's host; an address is its own. Rejects with the system's code. */
  addresses(host: string): Promise<readonly string[]> {
    return (this.#addresses ??=
      isIP(host) === 0 ? this.machine.lookup(host) : Promise.resolve([host]))
  }

  /** The way to AWS, as the sidecar has it. The region must be known. */
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

  /** Waits for `work` no longer than one call of AWS may take. */
  inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | typeof timedOut> {
    return withDeadline(this.machine.clock, this.timeoutMs, work)
  }

  close(): void {
    this.#api?.close()
  }
}
