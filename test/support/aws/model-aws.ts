import type {
  MeteringResult,
  MeteringApi,
  MeterUsageRequest,
  MeterUsageValue,
} from '../../../src/aws/metering-api.ts'
import type { Clock } from '../../../src/kernel/clock.ts'
import { hourMs, hourOf } from '../../../src/metering/hour.ts'
import { jsonOf } from '../json-of.ts'
import { failed, lost, type Entry, type Weather } from './model-answers.ts'
import { ModelBatches } from './model-batch.ts'

/** The Metering service in a few lines: one unchangeable record for each task or pod, dimension and hour. */
export class ModelAws {
  readonly entries = new Map<string, Entry>()
  /** Calls that began while one for the same slot was under way, in one process. */
  readonly overlaps: string[] = []
  readonly #clock: Pick<Clock, 'now'>
  readonly #lateness: { pass(): Promise<void> }
  readonly batches = new ModelBatches(this.entries)
  #forecast: Weather[] = []
  #spell: { readonly weather: Weather; readonly until: number } | undefined

  constructor(clock: Pick<Clock, 'now'>, lateness: { pass(): Promise<void> }) {
    this.#clock = clock
    this.#lateness = lateness
  }

  /** The outcomes of the next calls; later ones succeed. */
  forecast(...weather: Weather[]): void {
    this.#forecast.push(...weather)
  }

  /** All calls have one weather until an instant, ms. */
  setIn(weather: Weather, until: number): void {
    this.#spell = { weather, until }
  }

  clearUp(): void {
    this.#forecast = []
    this.#spell = undefined
  }

  /**
   * The service as the task or pod `resource` sees it. `reaches` returns whether a call still gets through;
   * `heard` receives AWS's time with every answer.
   */
  apiFor(
    resource: string,
    reaches: () => boolean,
    heard: (date: number) => void = () => {},
  ): MeteringApi {
    const notHere = () => Promise.reject(new Error('the model has no such operation'))
    const underWay = new Set<string>()
    return {
      meterUsage: async (request) => {
        const { dimension } = request
        if (underWay.has(dimension)) this.overlaps.push(keyOf(resource, request))
        underWay.add(dimension)
        const answer = this.#answer(resource, request, reaches())
        await this.#lateness.pass()
        if (answer !== lost) heard(this.#clock.now())
        underWay.delete(dimension)
        return answer
      },
      registerUsage: notHere,
      dryRun: notHere,
      batchMeterUsage: async (request) => {
        if (underWay.size > 0) this.overlaps.push('two batches at once')
        underWay.add('batch')
        const answer = reaches()
          ? this.batches.answer(request, this.#nextWeather(), this.#clock.now())
          : lost
        await this.#lateness.pass()
        if (answer !== lost) heard(this.#clock.now())
        underWay.delete('batch')
        return answer
      },
      forward: notHere,
      close: () => {},
    }
  }

  #answer(
    resource: string,
    request: MeterUsageRequest,
    reached: boolean,
  ): MeteringResult<MeterUsageValue> {
    if (!reached) return lost
    switch (this.#nextWeather()) {
      case 'fine':
        return this.#record(resource, request)
      case 'throttled':
        return failed({ code: 'ThrottlingException', kind: 'throttled' })
      case 'lost-before':
      case 'server-error-before':
        return lost
      case 'lost-after':
      case 'server-error-after':
        this.#record(resource, request)
        return lost
      case 'refused':
        return failed({ code: 'InvalidProductCodeException', kind: 'misconfigured' })
      case 'taken-by-other':
        this.#takeHour(resource, request)
        return this.#record(resource, request)
      case 'denied':
        return this.entries.has(keyOf(resource, request))
          ? failed({ code: 'DuplicateRequestException', kind: 'duplicate' })
          : this.#record(resource, request)
    }
  }

  #nextWeather(): Weather {
    const spell = this.#spell
    if (spell !== undefined && this.#clock.now() < spell.until) return spell.weather
    return this.#forecast.shift() ?? 'fine'
  }

  #record(resource: string, request: MeterUsageRequest): MeteringResult<MeterUsageValue> {
    const now = this.#clock.now()
    if (request.timestamp < now - 6 * hourMs || request.timestamp > now + 300_000)
      return failed({ code: 'TimestampOutOfBoundsException', kind: 'out-of-window' })
    const key = keyOf(resource, request)
    const content = jsonOf([request.quantity, request.allocations ?? null])
    const known = this.entries.get(key)
    if (known !== undefined && known.content !== content)
      return failed({ code: 'DuplicateRequestException', kind: 'duplicate' })
    const entry = known ?? this.#add(key, resource, request, content, true)
    return { ok: true, value: { meteringRecordId: entry.id } }
  }

  #takeHour(resource: string, request: MeterUsageRequest): void {
    const key = keyOf(resource, request)
    if (!this.entries.has(key))
      this.#add(key, resource, { ...request, quantity: 1n }, 'of another', false)
  }

  #add(
    key: string,
    resource: string,
    request: MeterUsageRequest,
    content: string,
    ours: boolean,
  ): Entry {
    const { dimension, quantity, timestamp } = request
    const id = `m-${this.entries.size}`
    const entry = { resource, dimension, hour: hourOf(timestamp), quantity, content, id, ours }
    this.entries.set(key, entry)
    return entry
  }
}

function keyOf(resource: string, { dimension, timestamp }: MeterUsageRequest): string {
  return `${resource}|${dimension}|${hourOf(timestamp)}`
}
