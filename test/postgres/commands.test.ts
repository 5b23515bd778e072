import { expect, inject, test } from 'vitest'
import { runLedger } from '../support/ledger/ledger-command-io.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { startHarness } from '../support/sidecar/sidecar-harness.ts'
import { asOwner, newDatabase } from './support/new-database.ts'
import { urlOf } from './support/server.ts'

const server = inject('postgres')

test('the ledger commands work on a database, next to the sidecar that uses it', async () => {
  const url = await newDatabase(server)
  const env = { SIDECAR_DATABASE_URL: url }
  const sidecar = await startHarness({ settings: env })
  try {
    await sidecar.entitled()
    await sidecar.post({ dimension: 'requests', quantity: 3.5 })
    await sidecar.endHour()
    await sidecar.attempts(1)
    await sidecar.until(async () => (await sidecar.sidecar.ledger.pendingRecords()).length === 0)
    const run = (...args: readonly string[]) => runLedger(undefined, sidecar.clock, args, env)
    const show = await run('show', '--json')
    expect(show.code).toBe(0)
    expect(JSON.parse(show.out.join('\n'))).toMatchObject({
      dataDir: url.replace(/^.*@/, ''),
      settled: [{ dimension: 'requests', quantity: 3, state: 'accepted' }],
    })
    expect(await run('audit')).toMatchObject({ code: 0 })
    expect((await run('export', '--format', 'csv')).out).toHaveLength(2)
    const voided = ['--dimension', 'requests', '--quantity', '1', '--reason', 'a test', '--yes']
    await sidecar.post({ dimension: 'requests', quantity: 2 })
    expect(await run('void', ...voided)).toMatchObject({ code: 0 })
    expect((await sidecar.get('/v1/usage')).body['open']).toMatchObject([{ quantity: 1 }])
    expect(await run('audit')).toMatchObject({ code: 0 })
    await expect(run('backup', 'a-file')).rejects.toMatchObject({ code: 'InvalidArguments' })
    for (const { out } of [show]) expect(out.join('\n')).not.toContain('owner@')
  } finally {
    await sidecar.close()
  }
})

test('the role of the sidecar needs no right to change the schema', async () => {
  const url = await newDatabase(server)
  const role = `role_${new URL(url).pathname.slice(1, 20)}`
  await asOwner(url, `CREATE ROLE ${role} LOGIN`)
  const clock = new ManualClock()
  const grant = ['migrate', '--grant-to', role]
  const migrated = await runLedger(undefined, clock, grant, { SIDECAR_DATABASE_URL: url })
  expect(migrated.out.join('\n')).toContain('already has version')
  const again = await runLedger(undefined, clock, [...grant, '--json'], {
    SIDECAR_DATABASE_URL: url,
  })
  const { from, to, grantedTo } = JSON.parse(again.out.join('\n')) as Record<string, unknown>
  expect([from, grantedTo]).toEqual([to, role])
  const own = new URL(url)
  own.username = role
  const sidecar = await startHarness({ settings: { SIDECAR_DATABASE_URL: own.href } })
  try {
    await sidecar.entitled()
    expect(await sidecar.post({ dimension: 'requests', quantity: 3 })).toMatchObject({
      status: 200,
    })
    await expect(
      asOwner(own.href, 'CREATE TABLE marketplace_sidecar.mine (id int)'),
    ).rejects.toMatchObject({ code: '42501' })
  } finally {
    await sidecar.close()
    await asOwner(url, `DROP OWNED BY ${role}; DROP ROLE ${role}`)
  }
})

test('a database without the schema is refused with the command to run', async () => {
  const started = startHarness({ settings: { SIDECAR_DATABASE_URL: urlOf(server, 'template1') } })
  await expect(started).rejects.toMatchObject({
    code: 'DatabaseNotMigrated',
    message: expect.stringContaining('marketplace-sidecar ledger migrate'),
  })
})

test.each([['show'], ['audit'], ['export', '--format', 'csv'], ['release', '1', '--yes']])(
  'ledger %s on a database without the schema names the command too',
  async (...args) => {
    const env = { SIDECAR_DATABASE_URL: urlOf(server, 'template1') }
    await expect(runLedger(undefined, new ManualClock(), args, env)).rejects.toMatchObject({
      code: 'DatabaseNotMigrated',
    })
  },
)
