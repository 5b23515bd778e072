import { expect, inject, test } from 'vitest'
import { runReplicaKillTest } from './kill/replica-kill-test.ts'
import { runSharedKillTest } from './kill/shared-kill-test.ts'
import { runClusterKillTest } from './kill/cluster-kill-test.ts'
import { newDatabase } from './support/new-database.ts'

const server = inject('postgres')

test('three sidecars bill what they acknowledged once, whatever is killed, paused or cut off', async () => {
  const url = await newDatabase(server)
  const seed = Math.floor(Math.random() * 2 ** 31)
  const log = (line: string) => console.log(`seed ${seed}: ${line}`)
  const result = await runSharedKillTest({ server, url, kills: 30, seed, log })
  log(JSON.stringify({ ...result, done: Object.fromEntries(result.done) }))
  expect(result.violations).toEqual([])
  expect(result.cuts.before).toBeGreaterThan(0)
  expect(result.cuts.after).toBeGreaterThan(0)
  expect(result.betweenMarkAndAnswer).toBeGreaterThan(5)
  expect(result.takenOver).toBeGreaterThan(0)
}, 900_000)

test('usage of all sidecars is one record an hour, although the one that sends it is killed in every hour', async () => {
  const url = await newDatabase(server)
  const seed = Math.floor(Math.random() * 2 ** 31)
  const log = (line: string) => console.log(`seed ${seed}: ${line}`)
  const result = await runClusterKillTest({ url, sidecars: 3, hours: 3, seed, log })
  log(JSON.stringify(result))
  expect(result.violations).toEqual([])
  expect(result.doubledHours).toBe(0)
  expect(result.billedRecords).toBeGreaterThan(0)
}, 300_000)

test('replicas of a SaaS product bill each customer once, each hour as itself, whichever of them is killed or paused', async () => {
  const url = await newDatabase(server)
  const seed = Math.floor(Math.random() * 2 ** 31)
  const log = (line: string) => console.log(`seed ${seed}: ${line}`)
  const result = await runReplicaKillTest({ server, url, kills: 6, seed, log })
  log(JSON.stringify(result))
  expect(result.violations).toEqual([])
  expect(result.moved).toBe(0)
  expect(result.accepted).toBeGreaterThan(0)
}, 300_000)
