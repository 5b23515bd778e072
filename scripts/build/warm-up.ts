/**
 * Fills V8's compile cache with what a sidecar needs when it starts:
 * `node scripts/build/warm-up.ts <folder of the cache> <flags of Node…> <main.js>`. Runs the sidecar once, with
 * an AWS that does not answer, until it listens, and ends it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** `command` is Node's flags and the bundle. The cache is valid for these flags only. */
export async function warmUp(cache: string, command: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'warm-up-'))
  const child = spawn(process.execPath, [...command, 'run'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...settings, SIDECAR_DATA_DIR: folder, NODE_COMPILE_CACHE: cache },
  })
  const ended = once(child, 'exit')
  for await (const line of createInterface(child.stdout)) {
    const [, address] = /"app":"([^"]+)"/.exec(line) ?? []
    if (address !== undefined) break
  }
  child.stdout.resume()
  child.kill('SIGTERM')
  const [code] = await ended
  await rm(folder, { recursive: true })
  if (code !== 0) throw new Error(`the sidecar ended with ${code}`)
}

const settings = {
  SIDECAR_PRODUCT_CODE: 'warm-up',
  SIDECAR_ROUTE: 'metered',
  SIDECAR_DIMENSIONS: 'requests',
  SIDECAR_REGION: 'us-east-1',
  SIDECAR_LISTEN: '127.0.0.1:0',
  SIDECAR_OPS_LISTEN: '127.0.0.1:0',
  // The discard port, where nothing listens.
  SIDECAR_AWS_ENDPOINT: 'http://127.0.0.1:9',
  AWS_ACCESS_KEY_ID: 'warm-up',
  AWS_SECRET_ACCESS_KEY: 'warm-up',
} as const

if (import.meta.main) {
  const [cache = '', ...command] = process.argv.slice(2)
  await warmUp(cache, command)
}
