// Reports usage to the sidecar: node report.mjs <dimension> <quantity>. Needs Node 20 or later.
import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'

const url = `${process.env.SIDECAR_URL ?? 'http://localhost:7070'}/v1/usage`
const headers = { 'content-type': 'application/json' }
// The sidecar is on this machine. `fetch` and the global agent use a proxy that the environment names.
const agent = new Agent({ keepAlive: true })
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
    if (!isPassing || attempt === attempts)
      throw new Error(`the usage was not acknowledged: ${detail}`)
    await pause(wait ?? Math.min(10_000, 200 * 2 ** attempt))
  }
}

function post(body) {
  return new Promise((resolve) => {
    const fail = (error) => resolve([0, String(error), undefined])
    const options = { method: 'POST', headers, agent, signal: AbortSignal.timeout(10_000) }
    request(url, options, (response) => {
      const { 'retry-after': seconds } = response.headers
      const wait = seconds === undefined ? undefined : seconds * 1000
      text(response).then((detail) => resolve([response.statusCode, detail, wait]), fail)
    })
      .on('error', fail)
      .end(body)
  })
}

const [dimension, quantity] = process.argv.slice(2)
await report(dimension, Number(quantity))
