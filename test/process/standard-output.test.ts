import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { demoProduct } from '../../src/emulator/demo-product.ts'
import { findFreePort } from '../kill/free-port.ts'
import { eventually } from '../support/eventually.ts'
import { environmentOf } from '../support/program/main-job.ts'
import { openFullPipe } from '../support/program/pipes.ts'
import {
  postUsage,
  root,
  startEmulatorProgram,
  statusOf,
  temporaryDirectory,
} from '../support/program/program.ts'

test('with a standard output that is not read the sidecar works, is alive, and ends on SIGTERM', async () => {
  const aws = await startEmulatorProgram()
  const [port, opsPort] = [await findFreePort(), await findFreePort()]
  const child = spawn(process.execPath, ['src/main.ts', 'run'], {
    cwd: root,
    stdio: ['ignore', openFullPipe(), 'inherit'],
    env: {
      PATH: process.env['PATH'],
      ...(await environmentOf(aws)),
      SIDECAR_LISTEN: `127.0.0.1:${port}`,
      SIDECAR_OPS_LISTEN: `127.0.0.1:${opsPort}`,
      SIDECAR_PRODUCT_CODE: demoProduct.productCode,
      SIDECAR_ROUTE: 'metered',
      SIDECAR_DIMENSIONS: 'requests',
      SIDECAR_LOG_LEVEL: 'debug',
      SIDECAR_DATA_DIR: join(temporaryDirectory(), 'data'),
    },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)))
  const ops = `http://127.0.0.1:${opsPort}`
  await eventually(async () => (await statusOf(`${ops}/livez`)) === 200)
  const app = `http://127.0.0.1:${port}`
  expect(await statusOf(`${app}/v1/entitlement?wait=10`)).toBe(200)
  expect(await postUsage(app, { dimension: 'requests', quantity: 7 })).toBe(200)
  expect(await statusOf(`${ops}/livez`)).toBe(200)
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  expect(await aws.records()).toMatchObject([{ dimension: 'requests', quantity: 7 }])
})
