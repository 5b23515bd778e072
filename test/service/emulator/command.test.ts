import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { CliIo } from '../../../src/cli/cli-io.ts'
import { emulate } from '../../../src/cli/emulate/emulate.ts'
import { reportError } from '../../../src/cli/report-error.ts'
import { settle } from '../../support/manual-clock.ts'
import { temporaryDirectory } from '../../support/program/program.ts'

class FakeIo implements CliIo {
  readonly env = {}
  readonly stdin = new PassThrough()
  readonly outLines: string[] = []
  readonly errLines: string[] = []
  signal: () => void = () => {}
  readonly #ready = Promise.withResolvers<string>()

  /** The line that says where the emulator is. */
  get ready(): Promise<string> {
    return this.#ready.promise
  }

  out(line: string): void {
    this.outLines.push(line)
    this.#ready.resolve(line)
  }

  err(line: string): void {
    this.errLines.push(line)
  }

  onSignal(handler: () => void): void {
    this.signal = handler
  }

  abandon(): void {}
}

/** Runs the command as a program does. Resolves with its exit code. */
function failed(args: readonly string[], io: CliIo): Promise<number> {
  return emulate(args, io).catch((error: unknown) => reportError(error, io))
}

function urlOf(line: string): string {
  return /http:\S+/.exec(line)?.[0] ?? ''
}

describe('the command emulate', () => {
  test('answers calls also when no one reads about them any more', async () => {
    const io = new FakeIo()
    const ended = emulate(['--port', '0', '--log-calls'], io)
    const url = urlOf(await io.ready)
    io.out = () => {
      throw Object.assign(new Error('no reader'), { code: 'EPIPE' })
    }
    const headers = { 'x-amz-target': 'AWSMPMeteringService.MeterUsage' }
    for (let call = 0; call < 2; call += 1) {
      const answer = await fetch(url, { method: 'POST', headers })
      expect(await answer.json()).toMatchObject({ __type: 'UnknownOperationException' })
    }
    io.signal()
    expect(await ended).toBe(0)
  })

  test('prints its address, runs a fast hour, and ends cleanly on SIGTERM', async () => {
    const io = new FakeIo()
    const ended = emulate(['--port', '0', '--hour', '20s', '--start', '2026-03-10T09:15:00Z'], io)
    const line = await io.ready
    expect(line).toMatch(/^emulator ready at http:\/\/127\.0\.0\.1:\d+ \(an hour lasts 20 s\)$/)
    const response = await fetch(`${urlOf(line)}/_emulator/clock`)
    expect(await response.json()).toMatchObject({ rate: 180, hourMs: 20_000 })
    io.signal()
    expect(await ended).toBe(0)
  })

  test('accepts product, dimensions and region, and prints calls on request', async () => {
    const io = new FakeIo()
    const options = ['--product-code', 'mine', '--dimension', 'a', '--dimension', 'b']
    const ended = emulate(['--port', '0', '--region', 'us-east-1', '--log-calls', ...options], io)
    const url = urlOf(await io.ready)
    const signedAt = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AWSMPMeteringService.RegisterUsage',
        authorization: `AWS4-HMAC-SHA256 Credential=AKIA/${signedAt.slice(0, 8)}/us-east-1/aws-marketplace/aws4_request, SignedHeaders=host, Signature=00`,
        'x-amz-date': signedAt,
      },
      body: JSON.stringify({ ProductCode: 'mine', PublicKeyVersion: 1 }),
    })
    expect(response.status).toBe(200)
    expect(io.outLines[1]).toMatch(/RegisterUsage by AKIA in us-east-1: ok$/)
    io.signal()
    expect(await ended).toBe(0)
  })

  test('with --follow-stdin outlives signals and ends with standard input', async () => {
    const io = new FakeIo()
    const ended = emulate(['--port', '0', '--follow-stdin'], io)
    const url = urlOf(await io.ready)
    io.signal()
    io.signal()
    await settle()
    expect((await fetch(`${url}/_emulator/clock`)).status).toBe(200)
    io.stdin.end()
    expect(await ended).toBe(0)
  })

  test('names the port that is in use, with exit code 1', async () => {
    const first = new FakeIo()
    const ended = emulate(['--port', '0'], first)
    const { port } = new URL(urlOf(await first.ready))
    const second = new FakeIo()
    expect(await failed(['--port', port], second)).toBe(1)
    expect(second.errLines[0]).toContain(`cannot listen on 127.0.0.1:${port}`)
    expect(second.errLines[0]).toMatch(/choose another port with --port\.$/)
    first.signal()
    await ended
  })

  test('plays a scenario, whose clock its options override', async () => {
    const io = new FakeIo()
    const scenario = 'examples/scenarios/leaving-buyer.yaml'
    const ended = emulate(['--port', '0', '--scenario', scenario, '--hour', '20s'], io)
    const line = await io.ready
    expect(line).toContain('(an hour lasts 20 s)')
    const clock = await (await fetch(`${urlOf(line)}/_emulator/clock`)).json()
    expect(clock).toMatchObject({ rate: 180, now: expect.stringContaining('2026-03-15T09:') })
    io.signal()
    expect(await ended).toBe(0)
  })

  test('lists every mistake of a scenario, with exit code 2', async () => {
    const io = new FakeIo()
    const folder = temporaryDirectory()
    const file = join(folder, 'wrong.yaml')
    writeFileSync(file, 'region: 1\nproducts: []\ntasks: [{ }]\n')
    expect(await failed(['--scenario', file], io)).toBe(2)
    expect(io.errLines[0]).toContain(`The scenario ${file} has 3 mistakes`)
    expect(io.errLines[0]?.split('\n  - ').slice(1)).toEqual([
      expect.stringMatching(/^region must be/),
      expect.stringMatching(/^products must be/),
      expect.stringMatching(/^tasks\[0\]\.accessKeyId is missing/),
    ])
    expect(io.outLines).toEqual([])
  })

  test('prints its options with --help', async () => {
    const io = new FakeIo()
    expect(await emulate(['--help'], io)).toBe(0)
    for (const option of ['--port', '--host', '--hour', '--start', '--follow-stdin']) {
      expect(io.outLines.join('\n')).toContain(option)
    }
  })

  test.each([
    [['--colour', 'red'], '--colour'],
    [['extra'], 'extra'],
    [['--port', 'http'], '--port must be a number from 0 to 65535'],
    [['--port', '65536'], '--port must be a number'],
    [['--hour', 'fast'], '--hour must be a duration'],
    [['--start', 'noon'], '--start must be a time'],
    [['--scenario', 'no.yaml'], 'The scenario no.yaml has a mistake'],
    [['--scenario', 'a.yaml', '--product-code', 'c'], 'do not go with --scenario'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const io = new FakeIo()
    expect(await failed(args, io)).toBe(2)
    expect(io.errLines[0]).toContain(message)
    expect(io.outLines).toEqual([])
  })
})
