import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clients, missingTools, type ClientDefinition } from '../../scripts/client-tools.ts'
import { errorStatus, modelErrors } from '../../src/protocol/errors.ts'
import { cases } from './cases.ts'
import type { ClientCase } from './client-case.ts'
import type { CallResult } from './call.ts'
import { awsCliDriver, startDriver, type Driver } from './driver.ts'
import { startWorld, type TargetName, type World } from './world.ts'

/** The class of the exception that stands for an error name, and for one that the model lacks. */
const exceptionTypes: Record<keyof typeof clients, (code: string, modelled: boolean) => string> = {
  node: (code, modelled) => (modelled ? code : 'MarketplaceMeteringServiceException'),
  boto3: (code, modelled) => (modelled ? code : 'ClientError'),
  awsCli: (code) => code,
  go: (code, modelled) => (modelled ? `*types.${code}` : '*smithy.GenericAPIError'),
  java: (code, modelled) => (modelled ? code : 'MarketplaceMeteringException'),
}

const keys = Object.keys(clients) as (keyof typeof clients)[]
const absences = new Map<string, readonly string[]>()
for (const key of keys) absences.set(key, await missingTools(clients[key]))

describe.each(keys)('%s', (key) => {
  const client: ClientDefinition = clients[key]
  const missing = absences.get(key) ?? []
  if (missing.length > 0) {
    console.warn(`NOT RUN: ${client.name} ${client.version}: no ${missing.join(', ')} here`)
    test.skip(`${client.name} ${client.version}: not run, no ${missing.join(', ')} here`)
    return
  }

  describe.each<TargetName>(['front', 'emulator'])(`${client.version} at the %s`, (target) => {
    let world: World
    let driver: Driver
    let total = 0
    beforeAll(async () => {
      const tool = await client.install()
      world = await startWorld(target)
      driver = (key === 'awsCli' ? awsCliDriver : startDriver)(tool, world.proxy.url)
    }, 600_000)
    afterAll(async () => {
      driver.close()
      await world.close()
    })

    const own = cases.filter(({ only = target, not = [] }) => only === target && !not.includes(key))
    test.each(own)('$name', async (clientCase) => {
      await world.aws.control('reset', {})
      for (const [path, body] of clientCase.prepare ?? []) await world.aws.control(path, body)
      const before = { counted: await world.counted(), requests: world.proxy.requests }
      if (clientCase.loses) world.proxy.loseNextAnswer()
      const results: CallResult[] = []
      for (const call of clientCase.calls) results.push(await driver.perform(call))
      const counted = (await world.counted()) - before.counted

      expectResults(results, clientCase)
      const isSaas = clientCase.calls[0]?.operation === 'BatchMeterUsage'
      if (!isSaas) expect(counted).toBe(clientCase.counts ?? 0)
      total += isSaas ? 0 : counted
      if (clientCase.requests !== undefined)
        expect(world.proxy.requests - before.requests).toBe(clientCase.requests)
    })

    test.runIf(target === 'front')('all of it becomes records after the hour', async () => {
      await world.aws.control('reset', {})
      await world.sidecar?.endHour()
      await world.sidecar?.until(async () => (await world.counted()) === 0)
      const sumOfRecords = async () => {
        const records = (await world.sidecar?.records()) ?? []
        return records.reduce((sum, { quantity }) => sum + quantity, 0) === total
      }
      await world.sidecar?.until(sumOfRecords)
      expect(total).toBeGreaterThan(0)
    })
  })

  function expectResults(results: readonly CallResult[], expected: ClientCase): void {
    const last = results.at(-1)
    if (expected.error === undefined) {
      expect(results.map(({ error }) => error)).toEqual(results.map(() => undefined))
    } else {
      const modelled = Object.hasOwn(modelErrors, expected.error)
      expect(last?.error).toMatchObject({
        code: expected.error,
        type: exceptionTypes[key](expected.error, modelled),
        message: expect.stringMatching(/\w/),
      })
    }
    if (key !== 'awsCli') {
      const status = expected.error === undefined ? 200 : errorStatus(expected.error)
      expect(last).toMatchObject({ status, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    }
    if (expected.output !== undefined) expect(last?.output).toMatchObject(expected.output)
    if (expected.sameRecord) {
      const ids = results.map(({ output }) => output?.['MeteringRecordId'])
      expect(new Set(ids).size).toBe(1)
      expect(ids[0]).toBeTypeOf('string')
    }
  }
})
