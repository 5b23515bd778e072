import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from '../../scripts/build.ts'
import { demoProduct } from '../../src/emulator/demo-product.ts'
import { freePort, lineOf, start, type Program } from '../processes.ts'
import type { Server } from './start.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const sourceMain = join(root, 'src/main.ts')

/** The built program, in a folder of its own, and how the image starts it. */
export interface Build {
  readonly main: string
  /** Node's flags in the image. */
  readonly flags: readonly string[]
  remove(): void
}

export async function buildSidecar(): Promise<Build> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-build-'))
  const main = join(folder, 'main.js')
  await bundle(sourceMain, main)
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')
  const [, entry] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile) ?? []
  if (entry === undefined) throw new Error('the Dockerfile has no ENTRYPOINT that can be read')
  const flags = (JSON.parse(entry) as string[]).slice(1, -1)
  return { main, flags, remove: () => rmSync(folder, { recursive: true }) }
}

/** An emulated AWS. */
export async function startEmulator(hour = '1h'): Promise<Server> {
  const port = await freePort()
  const { child, program } = start([sourceMain, 'emulate', '--port', `${port}`, '--hour', hour])
  await lineOf(child, /^emulator ready/)
  return { ...program, url: `http://127.0.0.1:${port}` }
}

/** Makes every record that is sent to the emulator fail as an AWS that is down. */
export async function breakAws(emulatorUrl: string): Promise<void> {
  const fault = { operation: 'MeterUsage', times: 1e9, error: 'InternalServiceErrorException' }
  const answer = await fetch(`${emulatorUrl}/_emulator/faults`, {
    method: 'POST',
    body: JSON.stringify(fault),
  })
  if (!answer.ok) throw new Error(`the emulator refused the fault: ${await answer.text()}`)
}

export interface Sidecar extends Program {
  readonly url: string
  /** The first 200 of its entitlement check, ms after the start of the process. */
  readonly firstAnswerMs: number
}

/** The built program with a ledger of its own, started as in the image and entitled. */
export async function startSidecar(build: Build, emulatorUrl: string): Promise<Sidecar> {
  const key = await (await fetch(`${emulatorUrl}/_emulator/public-key`)).text()
  const product = {
    productCode: demoProduct.productCode,
    publicKeys: { [demoProduct.publicKeyVersion]: key },
    route: 'both',
    dimensions: demoProduct.dimensions,
  }
  return launch((dataDir, port, opsPort) => {
    const productFile = join(dataDir, 'product.json')
    writeJson(productFile, product)
    const env = {
      ...common,
      SIDECAR_PRODUCT_FILE: productFile,
      SIDECAR_DATA_DIR: join(dataDir, 'data'),
      SIDECAR_LISTEN: `127.0.0.1:${port}`,
      SIDECAR_OPS_LISTEN: `127.0.0.1:${opsPort}`,
      SIDECAR_AWS_ENDPOINT: emulatorUrl,
    }
    return { args: [...build.flags, build.main, 'run'], env }
  })
}
