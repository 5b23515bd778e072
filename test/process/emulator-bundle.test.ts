import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CustomerNotEntitledException,
  MarketplaceMeteringClient,
  MeterUsageCommand,
} from '@aws-sdk/client-marketplace-metering'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle } from '../../scripts/build/build.ts'
import { root, startCommand, temporaryDirectory, type Program } from '../support/program/program.ts'

const scenario = `
products: [{ code: paid-product, dimensions: [requests] }]
buyers: [{ id: subscriber }, { id: stranger, entitled: false }]
tasks: [{ accessKeyId: AKIAYES, buyer: subscriber }, { accessKeyId: AKIANO, buyer: stranger }]
`

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'emulator-bundle-'))
  await bundle(join(root, 'src/cli/emulate/emulate-main.ts'), join(folder, 'emulator.js'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The bundle as a process, in a directory where there is nothing but `directory` itself. */
function start(directory: string, ...args: string[]): Program {
  const script = 'cd "$0" && exec "$@"'
  const command = [process.execPath, join(folder, 'emulator.js'), ...args]
  return startCommand('sh', ['-c', script, directory, ...command])
}

describe('the bundled emulator', () => {
  test('runs from any directory, answers an SDK, and ends with 0 on SIGTERM', async () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'scenario.yaml'), scenario)
    const program = start(directory, '--port', '0', '--scenario', 'scenario.yaml')
    const [, url = ''] = await program.printed(/^emulator ready at (\S+) \(an hour lasts 1 h\)$/m)
    const meter = (accessKeyId: string) => {
      const client = new MarketplaceMeteringClient({
        endpoint: url,
        region: 'eu-west-1',
        maxAttempts: 1,
        credentials: { accessKeyId, secretAccessKey: 'secret' },
      })
      const usage = { ProductCode: 'paid-product', UsageDimension: 'requests', UsageQuantity: 1 }
      return client.send(new MeterUsageCommand({ ...usage, Timestamp: new Date() }))
    }
    expect((await meter('AKIAYES')).MeteringRecordId).toMatch(/^[0-9a-f-]{36}$/)
    await expect(meter('AKIANO')).rejects.toBeInstanceOf(CustomerNotEntitledException)
    program.signal('SIGTERM')
    const { code, err } = await program.ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })

  test('names itself in what it says of a wrong option', async () => {
    const { code, err } = await start(temporaryDirectory(), '--port', 'x').ended
    expect(code).toBe(2)
    expect(err).toMatch(/^marketplace-sidecar-emulator --help$/m)
  })

  test('says what is wrong with a scenario, and ends with 2', async () => {
    const program = start(temporaryDirectory(), '--scenario', 'missing.yaml')
    const { code, out, err } = await program.ended
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('The scenario missing.yaml has a mistake')
  })
})
