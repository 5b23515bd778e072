// Reports usage to the sidecar: node report.mjs <dimension> <quantity>. Needs Node 20 or later.
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'

const url = `${process.env.SIDECAR_URL ?? 'http://localhost:7070'}/v1/usage`
const headers = { 'content-type': 'application/json' }
const attempts = 9

/** Resolves once the usage is on the sidecar's disk. */
export async function report(dimension, quantity) {
  // One key for each report. The sidecar counts it once, however often the request is repeated.
  const body = JSON.stringify({ dimension, quantity, idempotencyKey: randomUUID() })
  for (let attempt = 1; ; attempt += 1) {
    const [status, detail, wait] = await post(body)
    if (status === 200) return
    const isPassing = status === 0 || status === 408 || status === 429 || status >= 500
    // 400 is final: the same report would be refused again.
    if (!isPassing || attempt === attempts) throw new Error(`the usage was refused: ${detail}`)
    await pause(wait ?? Math.min(10_000, 200 * 2 ** attempt))
  }
}

async function post(body) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.timeout(10_000),
    })
    const seconds = response.headers.get('retry-after')
    return [response.status, await response.text(), seconds === null ? undefined : seconds * 1000]
  } catch (error) {
    return [0, String(error.cause ?? error), undefined]
  }
}

const [dimension, quantity] = process.argv.slice(2)
await report(dimension, Number(quantity))
