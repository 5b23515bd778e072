import { execFile } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { needDebianPackages } from '../../scripts/tools/debian-packages.ts'
import { root, type Ended } from '../support/program/program.ts'
import { startHarness } from '../support/sidecar/sidecar-harness.ts'

const run = promisify(execFile)
const fileOf = (name: string) => join(root, 'examples/usage', name)

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marketplace-sidecar-usage-'))
  await needDebianPackages({ ruby: '/usr/bin/ruby', 'php-cli': '/usr/bin/php' })
}, 180_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

/** How each example is built and run. */
const examples: Readonly<Record<string, () => Promise<readonly [string, ...string[]]>>> = {
  shell: () => Promise.resolve(['bash', fileOf('shell/report.sh')]),
  node: () => Promise.resolve([process.execPath, fileOf('node/report.mjs')]),
  python: () => Promise.resolve(['python3', fileOf('python/report.py')]),
  ruby: () => Promise.resolve(['ruby', fileOf('ruby/report.rb')]),
  php: () => Promise.resolve(['php', fileOf('php/report.php')]),
  async go() {
    const program = join(folder, 'report')
    await run('go', ['build', '-o', program, fileOf('go/main.go')], { cwd: folder })
    return [program]
  },
  async java() {
    await run('javac', ['-Xlint:all', '-Werror', '-d', folder, fileOf('java/Report.java')])
    return ['java', '-cp', folder, 'Report']
  },
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void

/** A server with one answer for each request, and the bodies that it received. */
async function startServer(answers: readonly Answer[]) {
  const bodies: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString())
      const answer = answers[bodies.length - 1] ?? answers.at(-1)
      answer?.(response, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies }
}

const status =
  (code: number): Answer =>
  (response) =>
    response.writeHead(code, { 'retry-after': '0' }).end(`{"status":${code}}`)
const drop: Answer = (_response, request) => request.socket.destroy()
/** The sidecar dies while it writes its answer. */
const cutOff: Answer = (_response, request) =>
  request.socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 9\r\nRetry-After: 0\r\n\r\n{')

describe.each(Object.keys(examples))('the %s example', (name) => {
  let command: readonly [string, ...string[]]
  beforeAll(async () => {
    const build = examples[name]
    if (build === undefined) throw new Error(`there is no example ${name}`)
    command = await build()
  }, 120_000)

  function report(url: string, dimension: string, quantity: string): Promise<Ended> {
    const [program, ...before] = command
    // A proxy that the environment names must not get the usage.
    const proxy = 'http://127.0.0.1:9'
    const env = {
      PATH: process.env['PATH'],
      SIDECAR_URL: url,
      http_proxy: proxy,
      HTTP_PROXY: proxy,
      NODE_USE_ENV_PROXY: '1',
    }
    return new Promise((resolve) => {
      const options = { env }
      const child = execFile(
        program,
        [...before, dimension, quantity],
        { ...options, timeout: 60_000 },
        (_, out, err) => resolve({ code: child.exitCode, out, err }),
      )
    })
  }

  test('reports usage to a real sidecar', async () => {
    const sidecar = await startHarness()
    onTestFinished(() => sidecar.close())
    await sidecar.entitled()
    const url = `http://127.0.0.1:${sidecar.sidecar.appPort}`
    expect(await report(url, 'requests', '2.5')).toMatchObject({ code: 0, err: '' })
    const { open } = (await sidecar.get('/v1/usage')).body
    expect(open).toMatchObject([{ dimension: 'requests', quantity: 2.5 }])
    const refused = await report(url, 'unknown', '1')
    expect(refused.code).not.toBe(0)
    expect(refused.err).toContain('UnknownDimension')
  })

  test('repeats the same report with one key after 408, 429, 5xx and a lost answer', async () => {
    const { url, bodies } = await startServer(
      [408, 429, 500, 503].map(status).concat(drop, cutOff, status(200)),
    )
    expect(await report(url, 'requests', '3')).toMatchObject({ code: 0 })
    expect(bodies).toHaveLength(7)
    expect(new Set(bodies).size).toBe(1)
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ dimension: 'requests', quantity: 3 })
    const { idempotencyKey: first } = JSON.parse(bodies[0] ?? '') as { idempotencyKey: string }
    const again = await startServer([status(200)])
    await report(again.url, 'requests', '3')
    expect(JSON.parse(again.bodies[0] ?? '')).not.toMatchObject({ idempotencyKey: first })
  })

  test('stops at 400', async () => {
    const { url, bodies } = await startServer([status(400)])
    const ended = await report(url, 'requests', '3')
    expect(ended.code).not.toBe(0)
    expect(ended.err).toContain('{"status":400}')
    expect(bodies).toHaveLength(1)
  })
})
