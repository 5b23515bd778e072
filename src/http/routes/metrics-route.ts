import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../kernel/clock.ts'

export interface MetricsRouteOptions {
  readonly metrics: { readonly contentType: string; render(): Promise<string> }
  /** Real time. */
  readonly timers: Clock
}

/** Scrapes at once that each get a fresh page, and how long it takes until one more does. */
const freshPages = 40
const freshAgainMs = 500

/**
 * `GET /metrics`. A client that scrapes more often than twice a second gets the last page again: everyone in the
 * pod's network can ask, and making the page takes time that the application's requests then wait.
 */
export function metricsRoute(app: FastifyInstance, { metrics, timers }: MetricsRouteOptions): void {
  let page: Promise<string> | undefined
  let isMaking = false
  let left = freshPages
  let countedAt = timers.elapsed()

  function mayMake(): boolean {
    const now = timers.elapsed()
    left = Math.min(freshPages, left + (now - countedAt) / freshAgainMs)
    countedAt = now
    if (left < 1) return false
    left -= 1
    return true
  }

  async function make(): Promise<string> {
    isMaking = true
    try {
      return await metrics.render()
    } finally {
      isMaking = false
    }
  }

  app.get('/metrics', async (_request, reply) => {
    if (page === undefined || (!isMaking && mayMake())) page = make()
    const made = page
    try {
      return reply.type(metrics.contentType).send(await made)
    } catch (error) {
      // The next one tries again.
      if (page === made) page = undefined
      throw error
    }
  })
}
