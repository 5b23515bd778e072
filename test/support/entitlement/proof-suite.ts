import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startFalseSidecar, type FalseSidecar } from '../doctor/false-sidecar.ts'
import { createRsaKey } from '../aws/mint-token.ts'
import { acceptedReplies, falsehoods, holds, type FalseWorld } from './proof-replies.ts'
import {
  buildExample,
  missingTools,
  pemForm,
  proofExamples,
  type RunExample,
} from './proof-examples.ts'
import { root, type Ended } from '../program/program.ts'
import { startHarness, type SidecarHarness } from '../sidecar/sidecar-harness.ts'

/** What each example must find out, as tests of that name. */
export function describeExample(name: keyof typeof proofExamples): void {
  const example = proofExamples[name]
  const missing = missingTools(example).join(', ')
  const absence = missing === '' ? '' : `: NOT RUN, no ${missing} here`
  if (absence !== '') console.warn(`${example.file}${absence}`)

  describe.skipIf(absence !== '')(`${example.file}${absence}`, () => {
    let folder: string
    const build = async (use: string, compiledIn: Parameters<typeof buildExample>[1]) => {
      const place = join(folder, use)
      await mkdir(place)
      return buildExample(example, compiledIn, place)
    }
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'marketplace-sidecar-example-'))
    })
    afterAll(() => rm(folder, { recursive: true, force: true }))

    test('without a product key it refuses everything', async () => {
      const publicKeyPem =
        (await readFile(join(root, example.file), 'utf8')).match(pemForm)?.[0] ?? ''
      const run = await build('keyless', { port: 7070, publicKeyPem })
      expectRefused(await run(), /[kK]ey/)
    })

    describe('with the sidecar', () => {
      let harness: SidecarHarness
      let run: RunExample
      beforeAll(async () => {
        harness = await startHarness()
        const publicKeyPem = harness.aws.emulator.publicKeyPem()
        run = await build('true', { port: harness.sidecar.appPort, publicKeyPem })
      }, 300_000)
      afterAll(() => harness.close())

      test('the proof of AWS holds', async () => {
        await harness.entitled()
        expectHolds(await run())
      })

      test('there is no proof for a buyer without a subscription', async () => {
        const fault = { operation: 'RegisterUsage', error: 'CustomerNotEntitledException' }
        await harness.aws.control('faults', fault)
        expectRefused(await run(), /answered 403/)
      })
    })

    describe('with a false sidecar', () => {
      // AWS has handed out keys of this size, too.
      const { privateKey, publicKeyPem } = createRsaKey(1024)
      const world: FalseWorld = {
        privateKey,
        publicKeyPem,
        otherKey: createRsaKey(2048).privateKey,
      }
      let sidecar: FalseSidecar
      let run: RunExample
      beforeAll(async () => {
        sidecar = await startFalseSidecar()
        const { port } = sidecar
        run = await build('false', { port, publicKeyPem, patienceSeconds: 3 })
      }, 300_000)

      test.each(acceptedReplies)('$name is accepted', async ({ reply, requests = 1 }) => {
        sidecar.reply(reply(world))
        expectHolds(await run())
        expect(sidecar.requests()).toBe(requests)
      })

      test.each(falsehoods)('$name is detected', async ({ reply, reason }) => {
        sidecar.reply(reply(world))
        const plain = await fetch(`http://127.0.0.1:${sidecar.port}/v1/entitlement`)
        expect(await plain.json()).toMatchObject({ entitled: true })
        expectRefused(await run(), reason)
      })

      test('every call has another nonce', async () => {
        const nonces = new Set<string>()
        sidecar.reply((nonce, response) => {
          nonces.add(nonce)
          holds(world)(nonce, response)
        })
        for (let count = 0; count < 3; count += 1) expectHolds(await run())
        expect(nonces.size).toBe(3)
        for (const nonce of nonces) expect(nonce).toMatch(/^[\x21-\x7e]{22,255}$/)
      })

      test('a free port is detected', async () => {
        await sidecar.close()
        expectRefused(await run(), /cannot be reached|ConnectException|answered 000/)
      })
    })
  })
}

export function expectHolds({ code, out, err }: Ended): void {
  expect(out + err).toMatch(/^(?:\d\S+ \S+ )?proof holds: .{10,150}\n$/)
  expect(code).toBe(0)
}

/** One line says why, whatever the false answer held. */
export function expectRefused({ code, out, err }: Ended, reason: RegExp): void {
  expect(err).toMatch(/^(?:\d\S+ \S+ )?proof refused: [ -~]{10,200}\n$/)
  expect(err).toMatch(reason)
  expect(out).toBe('')
  expect(code).toBe(1)
}
