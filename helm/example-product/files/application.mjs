/** Stands in for the application that is sold: waits until it may run, then reports usage until it is stopped. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

const {
  SIDECAR_URL = 'http://127.0.0.1:7070',
  USAGE_DIMENSION = 'requests',
  USAGE_INTERVAL_SECONDS = '60',
} = process.env

const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())

if (await mayRun()) {
  console.log('entitled: the application runs')
  do {
    await untilStopped(Number(USAGE_INTERVAL_SECONDS))
    await report()
  } while (!stop.signal.aborted)
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

/** Sends the report again with the same key until there is an answer; it counts once. */
async function report() {
  const body = JSON.stringify({
    dimension: USAGE_DIMENSION,
    quantity: 1,
    idempotencyKey: randomUUID(),
  })
  for (let attempt = 1; attempt <= 5; attempt++) {
    const signal = AbortSignal.timeout(5000)
    const answer = await ask('/v1/usage', { method: 'POST', body, signal })
    // 408, 429 and 5xx pass; every other answer is final.
    if (answer !== undefined && ![408, 429].includes(answer.status) && answer.status < 500) {
      console.log(`usage: ${answer.status} ${await answer.text()}`)
      return
    }
    await sleep(500)
  }
  console.error('usage: the sidecar does not answer')
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
