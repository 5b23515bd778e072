/**
 * Stands in for the application that is sold: waits until it may run, then reports usage until it is stopped. With
 * METRICS_PORT it counts on a metrics page, which the sidecar reads, and reports nothing itself.
 */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const {
  SIDECAR_URL = 'http://127.0.0.1:7070',
  USAGE_DIMENSION = 'requests',
  USAGE_INTERVAL_SECONDS = '60',
  // For a SaaS product: whose usage it is.
  USAGE_CUSTOMER,
  METRICS_PORT,
} = process.env

const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())

let requests = 0
const page = METRICS_PORT === undefined ? undefined : servePage(Number(METRICS_PORT))

if (await mayRun()) {
  console.log('entitled: the application runs')
  do {
    await untilStopped(Number(USAGE_INTERVAL_SECONDS))
    if (page === undefined) await report()
    else requests += 1
  } while (!stop.signal.aborted)
  // The last count would be lost with this process: the sidecar reads the page once more, and answers when it has it.
  if (page !== undefined) await send('scrape', '/v1/scrape', '{}')
}
page?.close()
page?.closeAllConnections()

function servePage(port) {
  const startedAt = Date.now() / 1000
  return createServer((_, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(
      `# TYPE app_requests_total counter\napp_requests_total ${requests}\n` +
        `# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds ${startedAt}\n`,
    )
  }).listen(port, '127.0.0.1')
}

/** Returns false when the application is stopped before there is an answer. */
async function mayRun() {
  while (!stop.signal.aborted) {
    const answer = await ask('/v1/entitlement?wait=30', { signal: stop.signal })
    if (answer?.status === 200) return true
    if (answer?.status === 403) {
      // Stays and says so. If it ended, it would be started again and ask again, without end.
      const { code, message } = await answer.json()
      console.log(`not entitled: ${code}: ${message}`)
      await untilStopped(60)
      continue
    }
    await untilStopped(Number(answer?.headers.get('retry-after') ?? 1))
  }
  return false
}

/** Reports one unit. In each attempt the report has the same key, so it counts once. */
function report() {
  const usage = { customer: USAGE_CUSTOMER, dimension: USAGE_DIMENSION, quantity: 1 }
  return send('usage', '/v1/usage', JSON.stringify({ ...usage, idempotencyKey: randomUUID() }))
}

/** Sends the same again until there is an answer. */
async function send(what, path, body) {
  for (let attempt = 1; attempt <= 5; attempt++) {
    const signal = AbortSignal.timeout(5000)
    const answer = await ask(path, { method: 'POST', body, signal })
    // 408, 429 and 5xx pass; every other answer is final.
    if (answer !== undefined && ![408, 429].includes(answer.status) && answer.status < 500) {
      console.log(`${what}: ${answer.status} ${await answer.text()}`)
      return
    }
    await sleep(500)
  }
  console.error(`${what}: the sidecar does not answer`)
}

/** Returns undefined when there is no answer. */
function ask(path, init) {
  return fetch(`${SIDECAR_URL}${path}`, {
    headers: { 'content-type': 'application/json' },
    ...init,
  }).catch(() => undefined)
}

function untilStopped(seconds) {
  return sleep(seconds * 1000, undefined, { signal: stop.signal }).catch(() => {})
}
