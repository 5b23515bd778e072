import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** No file of the process may grow beyond this many KiB: writing more fails, as on a full disk. */
const limitKib = 300

/** Starts the demo under a limit for the size of files; resolves with the application's port. */
function startOnSmallDisk(dataDir: string): Promise<number> {
  const demo = `demo --port 0 --ops-port 0 --emulator-port 0 --hour 1h --data-dir ${dataDir}`
  const child = spawn(
    'bash',
    ['-c', `ulimit -S -f ${limitKib}; exec "${process.execPath}" src/main.ts ${demo}`],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await exited
    rmSync(dataDir, { recursive: true, force: true })
  })
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the demo ended with ${code}`)))
    createInterface(child.stdout).on('line', (line) => {
      const [, port] = /localhost:(\d+)\/v1\/entitlement/.exec(line) ?? []
      if (port !== undefined) resolve(Number(port))
    })
  })
}

test('a full disk is answered with 507, acknowledges nothing it did not store, and recovers automatically', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'small-disk-'))
  const usage = `http://127.0.0.1:${await startOnSmallDisk(dataDir)}/v1/usage`
  const report = async (idempotencyKey: string) => {
    const body = JSON.stringify({ dimension: 'requests', quantity: 1, idempotencyKey })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(usage, { method: 'POST', headers, body })
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
  }

  let refusals = 0
  const reports = 250
  for (let index = 0; index < reports; index += 1) {
    let answer = await report(`key-${index}`)
    for (let repeats = 0; answer.status === 507 && repeats < 10; repeats += 1) {
      refusals += 1
      expect(answer.answer).toMatchObject({ code: 'LedgerFull' })
      answer = await report(`key-${index}`)
    }
    expect(answer).toMatchObject({ status: 200, answer: { result: 'accepted' } })
  }
  expect(refusals).toBeGreaterThan(0)
  const book = (await (await fetch(usage)).json()) as { open: { quantity: number }[] }
  expect(book.open.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(reports)
})
