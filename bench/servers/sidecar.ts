import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { demoProduct } from '../../src/emulator/demo-product.ts'
import { freePort, start } from '../processes.ts'
import { environmentOfImage } from './build.ts'
import type { Server } from './plain.ts'

export interface Sidecar extends Server {
  readonly opsUrl: string
  /** When its entitlement check first answered so, ms after the start of the process. */
  readonly firstAnswerMs: number
}

/**
 * Starts a built sidecar with an empty ledger and waits until its check is answered with one of `statuses`: until
 * it is entitled, by default. `args` are Node's.
 */
export async function startSidecar(
  args: readonly string[],
  emulatorUrl: string,
  dimensions: readonly (string | object)[] = demoProduct.dimensions,
  settings: Readonly<Record<string, string>> = {},
  statuses: readonly number[] = [200],
): Promise<Sidecar> {
  const key = await (await fetch(`${emulatorUrl}/_emulator/public-key`)).text()
  const [port, opsPort] = [await freePort(), await freePort()]
  const folder = mkdtempSync(join(tmpdir(), 'bench-ledger-'))
  const productFile = join(folder, 'product.json')
  const product = {
    productCode: demoProduct.productCode,
    publicKeys: { [demoProduct.publicKeyVersion]: key },
    route: 'both',
    dimensions,
  }
  writeFileSync(productFile, JSON.stringify(product))
  const env = {
    ...environmentOfImage(args.find((arg) => arg.endsWith('.js')) ?? ''),
    SIDECAR_PRODUCT_FILE: productFile,
    SIDECAR_DATA_DIR: join(folder, 'data'),
    SIDECAR_LISTEN: `127.0.0.1:${port}`,
    SIDECAR_OPS_LISTEN: `127.0.0.1:${opsPort}`,
    SIDECAR_AWS_ENDPOINT: emulatorUrl,
    SIDECAR_REGION: 'us-east-1',
    SIDECAR_LOG_LEVEL: 'error',
    AWS_ACCESS_KEY_ID: 'AKIABENCHTASKORPOD01',
    AWS_SECRET_ACCESS_KEY: 'bench',
    ...settings,
  }
  const startedAt = performance.now()
  const { child, program } = start(args, env)
  child.stdout?.resume()
  const url = `http://127.0.0.1:${port}`
  const wait = statuses.length === 1 ? 30 : 0
  while (!statuses.includes(await statusOf(`${url}/v1/entitlement?wait=${wait}`))) {
    if (child.exitCode !== null) throw new Error('the sidecar ended at once')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const firstAnswerMs = performance.now() - startedAt
  const end = async () => {
    await program.end()
    rmSync(folder, { recursive: true })
  }
  const opsUrl = `http://127.0.0.1:${opsPort}`
  return { pid: program.pid, url, opsUrl, firstAnswerMs, end }
}

/** Returns 0 while no one answers. */
function statusOf(url: string): Promise<number> {
  return new Promise((resolve) => {
    get(url, { agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    }).once('error', () => resolve(0))
  })
}
