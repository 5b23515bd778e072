import { isIP } from 'node:net'
import { endpointDenial } from '../aws/endpoint-denial.ts'
import { endpointFormOf, meteringEndpoint, regionOfEndpoint } from '../aws/endpoints.ts'
import { createMarketplaceMetering } from '../aws/marketplace-metering.ts'
import type { MeteringApi } from '../aws/metering-api.ts'
import { meteringForPlatform } from '../aws/metering-for-platform.ts'
import { defaultBakedProductFile, readSettings } from '../config/load-settings.ts'
import { readDatabaseUrl } from '../config/read-given-file.ts'
import { resolveProduct } from '../config/resolve-product.ts'
import { SettingValues } from '../config/settings/setting-values.ts'
import type { SettingName } from '../config/settings/settings-table.ts'
import { Events } from '../kernel/events.ts'
import { fail, succeed, type Result } from '../kernel/result.ts'
import { withDeadline } from '../kernel/with-deadline.ts'
import { detectPlatform } from '../platform/detect-platform.ts'
import type { Platform } from '../platform/platform.ts'
import type { Product } from '../product/product.ts'
import type { Machine } from './machine.ts'

/** What the checks share. Each part is determined once, when a check first asks for it. */
export class Diagnosis {
  readonly machine: Machine
  /** A wrong setting counts as its default here. */
  readonly values: SettingValues
  readonly settingMistakes: readonly string[]
  readonly productMistakes: readonly string[]
  /** Where the product is described; undefined when the environment describes it. */
  readonly productFile: string | undefined
  /** The product; undefined when anything about it is wrong. */
  readonly product: Product | undefined
  /** Why SIDECAR_AWS_ENDPOINT is not called; undefined when it may be. */
  readonly endpointDenial: ReturnType<typeof endpointDenial>
  /** The longest wait of each step, ms. */
  readonly timeoutMs: number
  #platform: Promise<Platform> | undefined
  #addresses: Promise<readonly string[]> | undefined
  #api: MeteringApi | undefined

  constructor(machine: Machine) {
    const { env, reader, bakedProductFile = defaultBakedProductFile } = machine
    const settings = readSettings(env, reader, { bakedProductFile })
    this.machine = machine
    this.values = new SettingValues(env, () => {})
    const resolved = resolveProduct(this.values, reader, bakedProductFile)
    this.productFile = resolved.ok ? resolved.value.file : resolved.failure.file
    this.product = resolved.ok ? resolved.value.product : undefined
    this.endpointDenial = endpointDenial({
      awsEndpoint: this.values.get('SIDECAR_AWS_ENDPOINT'),
      onlyAwsEndpoints: resolved.ok && resolved.value.onlyAwsEndpoints,
    })
    this.productMistakes = resolved.ok ? [] : resolved.failure.mistakes
    const mistakes = settings.ok ? [] : settings.failure
    this.settingMistakes = mistakes.filter((line) => !this.productMistakes.includes(line))
    this.timeoutMs = this.values.get('SIDECAR_AWS_TIMEOUT_MS')
  }

  /** The URL of the shared ledger's database, or why it cannot be read; undefined where there is none. */
  get databaseUrl(): Result<string, string> | undefined {
    const given = (['SIDECAR_DATABASE_URL', 'SIDECAR_DATABASE_URL_FILE'] as const).filter((name) =>
      this.values.given.has(name),
    )
    if (given.length === 0) return undefined
    const [wrong] = this.wrong(...given)
    if (wrong !== undefined) return fail(`${wrong} is wrong`)
    const path = this.values.get('SIDECAR_DATABASE_URL_FILE')
    return path === undefined
      ? succeed(this.values.get('SIDECAR_DATABASE_URL') ?? '')
      : readDatabaseUrl('SIDECAR_DATABASE_URL_FILE', path, this.machine.reader)
  }

  /** Returns those of the settings that have a wrong value. */
  wrong(...names: readonly SettingName[]): SettingName[] {
    return names.filter((name) => !this.values.areSound(name))
  }

  platform(): Promise<Platform> {
    const { env, hostname, timers } = this.machine
    const endpoint = this.values.get('SIDECAR_AWS_ENDPOINT')
    return (this.#platform ??= detectPlatform({
      env,
      hostname,
      clock: timers,
      region: this.values.get('SIDECAR_REGION'),
      endpointRegion: endpoint === undefined ? undefined : regionOfEndpoint(endpoint),
      podUid: this.values.get('SIDECAR_POD_UID'),
    }))
  }

  /** Returns the URL at which the sidecar calls AWS, or a sentence that says why it is unknown. */
  async endpoint(): Promise<Result<URL, string>> {
    const [wrong] = this.wrong('SIDECAR_AWS_ENDPOINT')
    if (wrong !== undefined) return fail(`${wrong} is wrong.`)
    const configured = this.values.get('SIDECAR_AWS_ENDPOINT')
    const { region } = await this.platform()
    if (configured !== undefined) return succeed(new URL(configured))
    return region === undefined
      ? fail('The endpoint is unknown because the region is.')
      : succeed(meteringEndpoint(region.region, endpointFormOf(this.machine.env)))
  }

  /** Returns the addresses of the endpoint's host, which may be an address itself. Rejects with the system's code. */
  addresses(host: string): Promise<readonly string[]> {
    return (this.#addresses ??=
      isIP(host) === 0 ? this.machine.lookup(host) : Promise.resolve([host]))
  }

  /** Returns a client that calls AWS as the sidecar does. The region must be known. */
  async api(): Promise<MeteringApi> {
    const { clock, timers, credentials } = this.machine
    const platform = await this.platform()
    const { credentialWarning } = platform
    const { endpointDenial: denial } = this
    return (this.#api ??= meteringForPlatform({ denial, credentialWarning }, () =>
      createMarketplaceMetering({
        region: platform.region?.region ?? '',
        endpoint: this.values.get('SIDECAR_AWS_ENDPOINT'),
        endpointForm: endpointFormOf(this.machine.env),
        timeoutMs: this.timeoutMs,
        credentials,
        events: new Events(),
        clock,
        timers,
      }),
    ))
  }

  /** Waits for `work`, but no longer than one call of AWS may last. */
  inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<Result<T, 'timed-out'>> {
    return withDeadline(this.machine.timers, this.timeoutMs, work)
  }

  close(): void {
    this.#api?.close()
  }
}
