import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startFalseSidecar } from '../support/doctor/false-sidecar.ts'
import { createRsaKey } from '../support/aws/mint-token.ts'
import { buildExample, proofExamples } from '../support/entitlement/proof-examples.ts'
import { falsehoods, holds } from '../support/entitlement/proof-replies.ts'
import { expectRefused } from '../support/entitlement/proof-suite.ts'
import { temporaryDirectory } from '../support/program/program.ts'

async function createGate() {
  const { privateKey, publicKeyPem } = createRsaKey(2048)
  const world = { privateKey, publicKeyPem, otherKey: createRsaKey(2048).privateKey }
  const sidecar = await startFalseSidecar()
  onTestFinished(() => sidecar.close())
  const folder = temporaryDirectory()
  const run = await buildExample(
    proofExamples.shell,
    { port: sidecar.port, publicKeyPem, patienceSeconds: 3 },
    folder,
  )
  return { sidecar, world, folder, run }
}

const command = ['sh', '-c', 'printf "%s|" "$@"; exit 7', 'sh', 'two words', '$HOME']

test('the gate becomes the command, with its arguments, environment and exit code', async () => {
  const { sidecar, world, run } = await createGate()
  sidecar.reply(holds(world))
  const { code, out } = await run(command)
  expect({ code, out }).toEqual({ code: 7, out: 'two words|$HOME|' })
  const { out: shown } = await run(['/usr/bin/env'], { OPENSSL_CONF: '/x', TASTE: 'sweet' })
  expect(shown).toMatch(/^OPENSSL_CONF=\/x$/m)
  expect(shown).toMatch(/^TASTE=sweet$/m)
})

test('the gate does not start the command without a proof', async () => {
  const { sidecar, world, run } = await createGate()
  for (const { reply, reason } of falsehoods.slice(0, 4)) {
    sidecar.reply(reply(world))
    expectRefused(await run(command), reason)
  }
})

test('no environment changes what the gate runs', async () => {
  const { sidecar, world, folder, run } = await createGate()
  const [own] = falsehoods.filter(({ name }) => name.includes('foreign key'))
  if (own === undefined) throw new Error('the falsehood does not exist')
  sidecar.reply(own.reply(world))
  const bin = join(folder, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'openssl'), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  const startup = join(folder, 'startup')
  await writeFile(startup, 'exec echo started\n')
  expectRefused(
    await run(command, {
      PATH: `${bin}:${process.env['PATH']}`,
      BASH_ENV: startup,
      ENV: startup,
      'BASH_FUNC_clean%%': '() { :; }',
      'BASH_FUNC_openssl%%': '() { :; }',
      'BASH_FUNC_printf%%': '() { :; }',
      'BASH_FUNC_exit%%': '() { :; }',
      OPENSSL_CONF: startup,
      http_proxy: 'http://127.0.0.1:9',
    }),
    own.reason,
  )
})
