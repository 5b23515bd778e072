import { Agent, request } from 'node:http'
import { processorMs, residentMb } from '../processes.ts'
import { resultOf, type Result, type Round } from '../result.ts'
import { startEmulator } from '../servers/emulator.ts'
import { startPlainFastify } from '../servers/plain.ts'
import { startSidecar } from '../servers/sidecar.ts'
import { alternate, type Row } from './bench.ts'
import { plainReport } from './bodies.ts'

const rates = [10, 100, 1000]
const tickMs = 10

/** Measures what a task pays for the sidecar: its share of a processor without and with reports, and memory. */
export const cost: Row = async ({ build, rounds, seconds }) => {
  const emulator = await startEmulator()
  const sidecar = await startSidecar(build.sidecar, emulator.url)
  const plain = await startPlainFastify(build)
  const results: Result[] = []
  const share =
    (server: { readonly pid: number; readonly url: string }, rate: number, ms = seconds * 1000) =>
    async () => {
      const [before, startedAt] = [processorMs(server.pid), performance.now()]
      await sendSteadily(`${server.url}/v1/usage`, rate, ms)
      return ((processorMs(server.pid) - before) / (performance.now() - startedAt)) * 100
    }
  await share(sidecar, 1000)()
  await share(plain, 1000)()
  // A server without a timer takes nothing, of which no ratio can be made.
  const [ours, baseline] = await Promise.all(
    [sidecar, plain].map((server) => share(server, 0, rounds * seconds * 1000)()),
  )
  if (ours !== undefined)
    results.push({
      name: 'processor, idle',
      unit: '% of a core',
      ours,
      baseline,
      target: { of: 'ours', atMost: 1 },
    })
  for (const rate of rates) {
    const pairs: Round[] = await alternate(rounds, share(sidecar, rate), share(plain, rate))
    const name = `processor at ${rate.toLocaleString('en-US')} reports a second`
    results.push(resultOf({ name, unit: '% of a core' }, pairs))
  }
  const memory = { ours: residentMb(sidecar.pid), baseline: residentMb(plain.pid) }
  results.push(resultOf({ name: 'memory at 1,000 reports a second', unit: 'MB' }, [memory]))
  await Promise.all([sidecar.end(), plain.end(), emulator.end()])
  return results
}

/** Sends single reports at a steady rate. Rejects when one is not accepted. */
async function sendSteadily(url: string, perSecond: number, ms: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const startedAt = performance.now()
  const sent: Promise<void>[] = []
  while (performance.now() - startedAt < ms) {
    const due = ((performance.now() - startedAt) / 1000) * perSecond
    while (sent.length < due) sent.push(sendOne(url, agent))
    await new Promise((resolve) => setTimeout(resolve, tickMs))
  }
  await Promise.all(sent)
  agent.destroy()
}

function sendOne(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(plainReport),
    }
    request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('end', () => {
        if (response.statusCode === 200) resolve()
        else reject(new Error(`a report was answered with ${response.statusCode}`))
      })
    })
      .once('error', reject)
      .end(plainReport)
  })
}
