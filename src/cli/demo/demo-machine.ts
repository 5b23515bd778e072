import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Machine } from '../../doctor/machine.ts'
import { createFastClock } from '../../kernel/clock.ts'
import { SidecarError } from '../../kernel/errors.ts'
import { fileReader } from '../../kernel/text/read-text.ts'
import { connectEmulator } from './demo-emulator.ts'
import { demoCredentials, parseDemoOptions } from './demo-options.ts'
import { demoProductFile } from './demo-product-file.ts'
import { demoWorld } from './demo-settings.ts'

/**
 * Returns this machine as the demo that was started with the arguments `args` sees it. Throws
 * InvalidArguments when no demo runs there.
 */
export async function demoMachine(machine: Machine, args: readonly string[]): Promise<Machine> {
  const options = parseDemoOptions(args)
  if (options === 'help') throw new TypeError('the demo has no default options')
  const emulator = await connectEmulator(`http://127.0.0.1:${options.emulatorPort}`).catch(
    (cause: unknown) => {
      throw new SidecarError(
        'InvalidArguments',
        `No demo runs here: nothing answers on port ${options.emulatorPort}. Start one:\nnpm start`,
        {
          cause,
        },
      )
    },
  )
  const product = options.product ?? machine.env['SIDECAR_PRODUCT_FILE']
  const file = await demoProductFile({ ...options, product }, emulator, fileReader)
  const directory = join(tmpdir(), 'marketplace-sidecar-doctor')
  return {
    ...machine,
    ...demoWorld(emulator, options, directory, machine.env, file),
    clock: createFastClock(emulator.rate, emulator.now),
    credentials: demoCredentials(undefined),
    expectRunning: true,
  }
}
