import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { freePort, lineOf, residentMb, start } from '../../processes.ts'
import { root, type Build } from '../../servers/build.ts'
import { startSidecar, type Sidecar } from '../../servers/sidecar.ts'

const hours = 2
const reportsInRequest = 60

interface Measured {
  /** MB. */
  readonly idle: number
  readonly most: number
}

/**
 * Measures the resident memory of a real sidecar, next to an emulated AWS in another process: with its customers
 * registered and nothing to do, and the most while it takes, seals and sends hours of usage of all of them.
 */
export async function memoryOfProcess(
  build: Build,
  keys: readonly string[],
  dimensions: readonly string[],
): Promise<Measured> {
  // Long enough for the registrations and the reports of all.
  const realHourMs = 5000 + 6 * keys.length
  const folder = mkdtempSync(join(tmpdir(), 'bench-seller-'))
  const product = join(folder, 'product.json')
  const { productCode } = demoProduct
  const saas = { route: 'saas', region: 'us-east-1', customerIds: 'identifier' }
  writeFileSync(product, JSON.stringify({ productCode, ...saas, dimensions }))
  const port = await freePort()
  const server = join(root, 'bench/servers/seller-emulator.ts')
  const emulator = start([server, `${port}`, `${keys.length}`, `${realHourMs}`])
  await lineOf(emulator.child, /^emulator ready/)
  const settings = { SIDECAR_PRODUCT_FILE: product, SIDECAR_SEAL_DELAY_SECONDS: '60' }
  const url = `http://127.0.0.1:${port}`
  const sidecar = await startSidecar(build.fastSidecar, url, dimensions, settings)
  try {
    return await measure(sidecar, keys, dimensions)
  } finally {
    await Promise.all([sidecar.end(), emulator.program.end()])
    rmSync(folder, { recursive: true })
  }
}

async function measure(
  { pid, url }: Sidecar,
  keys: readonly string[],
  dimensions: readonly string[],
): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const each = async <T>(items: readonly T[], work: (item: T) => Promise<void>) => {
    const left = items.values()
    const take = async () => {
      for (const item of left) await work(item)
    }
    await Promise.all(Array.from({ length: 8 }, take))
  }
  await each(keys, (key) =>
    ask(agent, 'PUT', `${url}/v1/customers/${key}`, { identifier: key }).then(() => {}),
  )
  await pause(3000)
  const idle = residentMb(pid)
  let most = idle
  const watch = setInterval(() => (most = Math.max(most, residentMb(pid))), 50)
  const reports = keys.flatMap((customer) =>
    dimensions.map((dimension) => ({ customer, dimension, quantity: 3 })),
  )
  const bodies = Array.from({ length: Math.ceil(reports.length / reportsInRequest) }, (_, index) =>
    reports.slice(index * reportsInRequest, (index + 1) * reportsInRequest),
  )
  for (let hour = 0; hour < hours; hour += 1) {
    await each(bodies, (body) =>
      ask(agent, 'POST', `${url}/v1/usage`, { reports: body }).then(() => {}),
    )
    while (!(await isSent(agent, url))) await pause(1000)
  }
  clearInterval(watch)
  agent.destroy()
  return { idle, most }
}

async function isSent(agent: Agent, url: string): Promise<boolean> {
  const { open, pendingCount } = JSON.parse(await ask(agent, 'GET', `${url}/v1/usage`)) as {
    open: unknown[]
    pendingCount: number
  }
  return open.length + pendingCount === 0
}

function ask(agent: Agent, method: string, url: string, body?: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(url, {
      agent,
      method,
      headers: body && { 'content-type': 'application/json' },
    })
    call.once('error', reject)
    call.once('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString()
        if (response.statusCode === 200) resolve(text)
        else reject(new Error(`${method} ${url} was answered ${response.statusCode}: ${text}`))
      })
    })
    call.end(body && JSON.stringify(body))
  })
}
