// Shows what an application does with the sidecar: it asks whether it may run, and reports usage. Needs Node 18.
const sidecar = process.env.METERING_URL ?? 'http://localhost:7070'

let stopping = false
process.on('SIGTERM', () => {
  stopping = true
})
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Waits until AWS has answered, 30 seconds at most. */
async function mayRun() {
  try {
    const answer = await fetch(`${sidecar}/v1/entitlement?wait=30`)
    const { entitled, code, message } = await answer.json()
    console.log(`entitlement: ${answer.status} ${code}: ${message}`)
    return entitled
  } catch (error) {
    console.log(`the sidecar did not answer: ${error.message}`)
    return false
  }
}

/** The key makes it safe to send the same report again when no answer came. Resolves with whether it counts. */
async function report(quantity, idempotencyKey) {
  const body = JSON.stringify({ dimension: 'requests', quantity, idempotencyKey })
  const headers = { 'content-type': 'application/json' }
  for (;;) {
    try {
      const answer = await fetch(`${sidecar}/v1/usage`, { method: 'POST', headers, body })
      if (answer.ok) return true
      console.log(`not accepted: ${answer.status} ${await answer.text()}`)
      // 408, 429 and 5xx pass. Anything else is final: the same report would be refused again.
      if (![408, 429].includes(answer.status) && answer.status < 500) return false
    } catch (error) {
      console.log(`not accepted: ${error.message}`)
    }
    await pause(1000)
  }
}

while (!stopping && !(await mayRun())) await pause(1000)
const started = Date.now()
let sent = 0
let reported = 0
while (!stopping) {
  sent += 1
  if (await report(1, `${started}-${sent}`)) reported += 1
  console.log(`reported: ${reported} requests in all`)
  await pause(1000)
}
console.log(`ended after ${reported} requests`)
