import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clients, missingTools, type ClientDefinition } from '../../scripts/tools/client-tools.ts'
import type { CallResult } from './call.ts'
import { cases } from './cases.ts'
import { meter } from './client-case.ts'
import { awsCliDriver, startDriver, type Driver } from './driver.ts'
import { expectResults, expectToken, type ClientKey } from './expect-results.ts'
import { startWorld, type TargetName, type World } from './world.ts'

const hourLater = '2026-03-10T10:01:00Z'
const targets: readonly TargetName[] = ['front', 'emulator']
const isNightly = process.env['NIGHTLY'] !== undefined
const keys = (Object.keys(clients) as ClientKey[]).filter((key) => {
  const { nightly, name }: ClientDefinition = clients[key]
  if (nightly === true && !isNightly) console.warn(`NOT RUN: ${name}, which .ci/nightly runs`)
  return nightly !== true || isNightly
})
const availability = await Promise.all(
  keys.map(async (key) => ({ key, ...clients[key], missing: await missingTools(clients[key]) })),
)
const absent = availability.filter(({ missing }) => missing.length > 0)
for (const { name, version, missing } of absent)
  console.warn(`NOT RUN: ${name} ${version}, because ${missing.join(', ')} is not on this machine`)

test.for(absent)('$name $version is not run', ({ missing }, { skip }) => {
  if (missing.length > 0) skip(`${missing.join(', ')} is not on this machine`)
  expect(missing).toEqual([])
})

const present = availability.filter(({ missing }) => missing.length === 0)
const pairs = present.flatMap((client) => targets.map((target) => ({ ...client, target })))

describe.each(pairs)('$name $version at the $target', ({ key, target, repeatsBy }) => {
  let world: World
  let driver: Driver
  let total = 0
  beforeAll(async () => {
    const tool = await clients[key].install()
    world = await startWorld(target)
    driver = (key === 'awsCli' ? awsCliDriver : startDriver)(tool, world.proxy.url)
  }, 600_000)
  afterAll(async () => {
    driver.close()
    await world.close()
  })

  const own = cases.filter(
    ({ only = target, not = [], calls }) =>
      only === target &&
      !not.includes(key) &&
      (repeatsBy === 'ClientToken' || !calls.some(({ input }) => 'ClientToken' in input)),
  )
  test.each(own)('$name', async (clientCase) => {
    await world.aws.control('reset', {})
    for (const [path, body] of clientCase.prepare ?? []) await world.aws.control(path, body)
    const before = { counted: await world.counted(), requests: world.proxy.requests }
    if (clientCase.loses === true) world.proxy.loseNextAnswer(lossFor(key))
    const results: CallResult[] = []
    for (const call of clientCase.calls) results.push(await driver.perform(call))
    const counted = (await world.counted()) - before.counted
    const requests = world.proxy.requests - before.requests
    total += counted

    expectResults(key, results, clientCase)
    if (clientCase.nonce !== undefined)
      await expectToken(results.at(-1), clientCase.nonce, world.aws.emulator.publicKeyPem())
    const isCountedAgain = target === 'front' && repeatsBy === 'nothing'
    const repeats = isCountedAgain ? clientCase.countsRepeats : undefined
    expect(counted).toBe(repeats ?? clientCase.counts ?? 0)
    expect(requests).toBe(clientCase.requests ?? requests)
  })

  test.runIf(target === 'front')('all of it becomes records after the hour', async () => {
    await world.aws.control('reset', {})
    await world.sidecar?.endHour()
    await world.sidecar?.until(async () => (await world.counted()) === 0)
    await world.sidecar?.until(async () => (await recordedAt(world)) === total)
    expect(total).toBeGreaterThan(0)
  })
})

const keyless = present.filter(({ repeatsBy }) => repeatsBy === 'nothing')

describe.each(keyless)('$name $version where a call an hour is the rule', ({ key }) => {
  let world: World
  let driver: Driver
  beforeAll(async () => {
    world = await startWorld('front', { SIDECAR_METER_USAGE_CALLS: 'hourly' })
    driver = startDriver(await clients[key].install(), world.proxy.url)
  }, 600_000)
  afterAll(async () => {
    driver.close()
    await world.close()
  })

  test('a call whose answer is lost is repeated by the SDK and billed once', async () => {
    world.proxy.loseNextAnswer(lossFor(key))
    const { error } = await driver.perform(meter())
    expect(error).toBeUndefined()
    expect(world.proxy.requests).toBe(2)
    await world.sidecar?.endHour()
    await world.sidecar?.until(async () => (await recordedAt(world)) === 5)
  })

  test('another quantity for the hour is a DuplicateRequestException', async () => {
    await driver.perform(meter({ Timestamp: hourLater }))
    const { error } = await driver.perform(meter({ Timestamp: hourLater, UsageQuantity: 6 }))
    expect(error).toMatchObject({ code: 'DuplicateRequestException' })
  })
})

/** This one does not repeat a call after a reset, but after a connection that ended. */
function lossFor(key: ClientKey): 'reset' | 'end' {
  return key === 'go1' ? 'end' : 'reset'
}

/** Units in the records that AWS holds. */
async function recordedAt({ sidecar }: World): Promise<number> {
  const records = (await sidecar?.records()) ?? []
  return records.reduce((sum, { quantity }) => sum + quantity, 0)
}
