import { expect } from 'vitest'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { findFreePort } from '../../kill/free-port.ts'
import { postUsage, statusOf, type Program } from './program.ts'

type Variables = Readonly<Record<string, string>>

/** A built sidecar, however it was packed. */
export interface Packed {
  /** Starts it with these arguments and no other environment than this and the package's own. */
  start(args: readonly string[], env: Variables): Program
  /** Checks its health as an orchestrator does; with the image's own command, where there is an image. */
  checkHealth(env: Variables): Program
}

export interface EmulatedAws {
  readonly url: string
  records(): Promise<readonly object[]>
}

const accessKeyId = 'AKIAMAINJOB'

/** The environment of a task or pod whose sidecar is to call this AWS. */
export async function environmentOf(aws: EmulatedAws): Promise<Variables> {
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_EC2_METADATA_DISABLED: 'true',
    SIDECAR_REGION: 'eu-central-1',
    SIDECAR_AWS_ENDPOINT: aws.url,
    SIDECAR_LISTEN: '127.0.0.1:0',
    SIDECAR_OPS_LISTEN: `127.0.0.1:${await findFreePort()}`,
    SIDECAR_DRAIN_QUIET_MS: '0',
  }
}

/**
 * Tests a sidecar's whole job, from the proof of the entitlement to the record at AWS: entitled, healthy,
 * usage accepted and found in the ledger, and sent on SIGTERM.
 */
export async function expectMainJob(
  packed: Packed,
  aws: EmulatedAws,
  env: Variables,
): Promise<void> {
  const program = packed.start(['run'], env)
  const [line = ''] = await program.printed(/^\{.*"event":"sidecar.started".*\}$/m)
  const app = `http://${(JSON.parse(line) as { app: string }).app}`
  expect(await statusOf(`${app}/v1/entitlement?wait=10`)).toBe(200)
  expect(await packed.checkHealth(env).ended).toEqual({ code: 0, out: '', err: '' })
  expect(await postUsage(app, { dimension: 'requests', quantity: 7 })).toBe(200)
  const shown = await packed.start(['ledger', 'show', '--json'], env).ended
  expect(shown).toMatchObject({ code: 0, err: '' })
  expect(shown.out).toContain('"requests"')

  program.signal('SIGTERM')
  expect(await program.ended).toMatchObject({ code: 0, err: '' })
  expect(await aws.records()).toMatchObject([
    {
      resource: accessKeyId,
      region: 'eu-central-1',
      productCode: demoProduct.productCode,
      dimension: 'requests',
      quantity: 7,
    },
  ])
  expect((await packed.checkHealth(env).ended).code).toBe(1)
}
