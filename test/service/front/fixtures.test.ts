import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exchangeBytes } from '../../support/sidecar/raw-request.ts'
import { startHarness, type SidecarHarness } from '../../support/sidecar/sidecar-harness.ts'

/** The answer to each request, and how many requests it counts at the front. */
const fixtures: Readonly<Record<string, { status: number; body: object; counts: bigint }>> = {
  'aws-sdk-net-v3-meter-usage.http': {
    status: 200,
    body: { MeteringRecordId: expect.any(String) },
    counts: 5n,
  },
  'aws-sdk-net-v4-batch-meter-usage.http': {
    status: 200,
    body: { Results: [{ Status: 'Success' }], UnprocessedRecords: [] },
    counts: 0n,
  },
  'awscore-jl-meter-usage.http': {
    status: 200,
    body: { MeteringRecordId: expect.any(String) },
    counts: 5n,
  },
  'awscore-jl-register-usage.http': {
    status: 200,
    body: { Signature: expect.any(String) },
    counts: 0n,
  },
  'aws-elixir-meter-usage.http': {
    status: 200,
    body: { MeteringRecordId: expect.any(String) },
    counts: 5n,
  },
}
const folder = new URL('../../clients/fixtures/', import.meta.url)

let harness: SidecarHarness
beforeAll(async () => {
  harness = await startHarness()
  await harness.entitled()
})
afterAll(() => harness.close())

test.each(Object.entries(fixtures))('%s is answered by the front', async (name, expected) => {
  const before = await reported()
  const answer = await send(name, harness.sidecar.appPort)
  expect(answer).toMatchObject({ status: expected.status, body: expected.body })
  expect((await reported()) - before).toBe(expected.counts * 1_000_000n)
})

test.each(Object.entries(fixtures))(
  '%s is answered alike by the emulator',
  async (name, expected) => {
    const answer = await send(name, Number(new URL(harness.aws.url).port))
    expect(answer).toMatchObject({ status: expected.status, body: expected.body })
  },
)

test('every file says which client sends it, how that is known, and how the file was made', () => {
  const files = readdirSync(folder)
  expect(files.toSorted()).toEqual(Object.keys(fixtures).toSorted())
  for (const file of files)
    expect(read(file), file).toMatch(
      /^# Client: .*\d\.\d.*\n# Source: github\.com\/.*\n# Facts: (?:.*\n)+?# Made: .+\.\n/,
    )
})

function read(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8')
}

/** Sends a file's bytes: without comments, with HTTP's line ends, and with what depends on the body. */
async function send(name: string, port: number) {
  const [head = '', body = ''] = read(name)
    .replace(/^#.*\n/gm, '')
    .trimEnd()
    .split('\n\n')
  const lines = head
    .replace('{length}', `${Buffer.byteLength(body)}`)
    .replace('{md5}', createHash('md5').update(body).digest('base64'))
    .replace('{sha256}', createHash('sha256').update(body).digest('hex'))
    .split('\n')
  const bytes = [...lines, 'Connection: close', '', body].join('\r\n')
  const answer = await exchangeBytes(port, bytes)
  const [start = '', text = ''] = answer.split('\r\n\r\n')
  expect(start).toMatch(/^x-amzn-requestid: [0-9a-f-]{36}$/m)
  return { status: Number(start.split(' ')[1]), body: JSON.parse(text) as unknown }
}

async function reported(): Promise<bigint> {
  return (await harness.sidecar.ledger.audit()).reduce((sum, row) => sum + row.reported, 0n)
}
