import { join } from 'node:path'
import { freePort, lineOf, start } from '../processes.ts'
import { root } from './build.ts'
import type { Server } from './plain.ts'

const sourceMain = join(root, 'src/main.ts')

/** Starts an emulated AWS with the options of the command `emulate`. */
export async function startEmulator(...options: readonly string[]): Promise<Server> {
  const port = await freePort()
  const { child, program } = start([sourceMain, 'emulate', '--port', `${port}`, ...options])
  await lineOf(child, /^emulator ready/)
  return { ...program, url: `http://127.0.0.1:${port}` }
}

/** Makes every record, or every call of another operation, fail from now on, as if AWS were down. */
export async function breakAws(emulatorUrl: string, operation = 'MeterUsage'): Promise<void> {
  const answer = await fetch(`${emulatorUrl}/_emulator/faults`, {
    method: 'POST',
    body: JSON.stringify({
      operation,
      times: 1e9,
      error: 'InternalServiceErrorException',
    }),
  })
  if (!answer.ok) throw new Error(`the emulator refused the fault: ${await answer.text()}`)
}
