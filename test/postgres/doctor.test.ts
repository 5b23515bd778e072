import { expect, inject, test } from 'vitest'
import { databaseCheck } from '../../src/doctor/checks/check-database.ts'
import { ledgerCheck } from '../../src/doctor/checks/check-ledger.ts'
import type { Check } from '../../src/doctor/check.ts'
import { findingsOf, outcomesOf } from '../support/doctor/test-machine.ts'
import { asOwner, newDatabase } from './support/new-database.ts'
import { urlOf } from './support/server.ts'

const server = inject('postgres')

const outcomes = async (url: string, check: Check = databaseCheck) =>
  outcomesOf(await findingsOf(check, { env: { SIDECAR_DATABASE_URL: url } }))

test('a database that is ready passes, and so does its ledger', async () => {
  const url = await newDatabase(server)
  expect(await outcomes(url)).toEqual(['pass'])
  expect(await outcomes(url, ledgerCheck)).toEqual(['pass'])
})

test('the check names what is wrong, and never the password', async () => {
  const url = await newDatabase(server)
  const { pathname } = new URL(url)
  expect(await outcomes(urlOf(server, 'template1'))).toEqual(['NotMigrated'])
  expect(await outcomes('postgres://me:geheim@127.0.0.1:1/book')).toEqual(['Unreachable'])
  const env = { SIDECAR_DATABASE_URL: 'postgres://me:geheim@127.0.0.1:1/book' }
  expect(JSON.stringify(await findingsOf(databaseCheck, { env }))).not.toContain('geheim')
  const role = `reader_${pathname.slice(1, 20)}`
  await asOwner(url, `CREATE ROLE ${role} LOGIN`)
  await asOwner(url, `GRANT USAGE ON SCHEMA marketplace_sidecar TO ${role}`)
  await asOwner(url, `GRANT SELECT ON marketplace_sidecar.meta TO ${role}`)
  const own = new URL(url)
  own.username = role
  expect(await outcomes(own.href)).toEqual(['NoRights'])
  await asOwner(url, `DROP OWNED BY ${role}; DROP ROLE ${role}`)
  await asOwner(url, `ALTER DATABASE ${pathname.slice(1)} SET synchronous_commit = off`)
  expect(await outcomes(url)).toEqual(['NotDurable'])
})
