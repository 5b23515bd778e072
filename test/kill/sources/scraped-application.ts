import type { Chance } from '../chance.ts'
import { startMetricsPage, type MetricsPage } from '../../support/sidecar/metrics-page.ts'

/** An application with a metrics page, whose counter rises before each reading. */
export class ScrapedApplication {
  readonly #page: MetricsPage
  readonly #chance: Chance
  /** What the page has shown. */
  shown = 0
  /** What a reading showed that the sidecar has answered for. */
  acknowledged = 0
  /** Called when the next page has left. */
  onceRead = () => {}

  private constructor(page: MetricsPage, chance: Chance) {
    this.#page = page
    this.#chance = chance
  }

  /** Has no page until `begin`. */
  static async start(chance: Chance): Promise<ScrapedApplication> {
    const page = await startMetricsPage((response) => void response.writeHead(503).end())
    return new ScrapedApplication(page, chance)
  }

  get url(): string {
    return this.#page.url
  }

  /** Its process starts; `startedAt` in ms. */
  begin(startedAt: number): void {
    this.#page.answer = (response) => {
      this.shown += this.#chance.integer(0, 9)
      const { onceRead } = this
      this.onceRead = () => {}
      const lines = [
        '# TYPE app_scans_total counter',
        `app_scans_total ${this.shown}`,
        `process_start_time_seconds ${startedAt / 1000}`,
      ]
      response.end(`${lines.join('\n')}\n`, onceRead)
    }
  }

  /** Has the sidecar at this port read the page; resolves with whether it has counted it. */
  async scrape(port: number): Promise<boolean> {
    const { shown } = this
    const url = `http://127.0.0.1:${port}/v1/scrape`
    const response = await fetch(url, { method: 'POST' }).catch(() => undefined)
    await response?.arrayBuffer().catch(() => undefined)
    if (response?.status !== 200) return false
    this.acknowledged = Math.max(this.acknowledged, shown)
    return true
  }

  end(): Promise<void> {
    return this.#page.close()
  }
}
