import { afterEach, describe, expect, test } from 'vitest'
import { defaultBakedProductFile } from '../../../src/config/load-settings.ts'
import { demoProduct } from '../../../src/emulator/demo-product.ts'
import { readDecisions } from '../../../src/ledger/decisions/trail.ts'
import { decisionsNote } from '../../../src/store/summary.ts'
import { operatorActions } from '../../../src/metering/record/operator-table.ts'
import { createRecordedLog } from '../../support/recorded-log.ts'
import { mistakeIn, operations } from '../../support/sidecar/openapi.ts'
import {
  startHarness,
  type JsonAnswer,
  type SidecarHarness,
  type SidecarOptions,
} from '../../support/sidecar/sidecar-harness.ts'
import { startEmulator } from '../emulator/harness.ts'
import { readPage } from '../../docs/page.ts'
import { markSending, settle } from '../../support/ledger/one-record.ts'

const operatorToken = 'operator-0123456789abcdef'
const applicationToken = 'application-0123456789abcdef'
const tokens = { '/run/operator': operatorToken, '/run/application': applicationToken }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

let harness: SidecarHarness
afterEach(() => harness.close())

async function start({ settings, files, ...options }: SidecarOptions = {}): Promise<void> {
  harness = await startHarness({
    ...options,
    settings: {
      SIDECAR_OPERATOR_TOKEN_FILE: '/run/operator',
      SIDECAR_API_TOKEN_FILE: '/run/application',
      ...settings,
    },
    files: { ...tokens, ...files },
  })
}

/** Answers as the document says, or the test fails. */
async function ask(
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = bearer(operatorToken),
): Promise<JsonAnswer> {
  const response = await fetch(`http://127.0.0.1:${harness.sidecar.appPort}/v1/operator/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const answer = (await response.json()) as JsonAnswer['body']
  const route = `${body === undefined ? 'GET' : 'POST'} /v1/operator/${path}`
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
  const documented = operations.get(route)?.responses[response.status]?.content?.[type]
  expect(documented, `${route} ${response.status}`).toBeDefined()
  expect(await mistakeIn(answer, documented?.schema ?? {}), route).toBeUndefined()
  return { status: response.status, headers: response.headers, body: answer }
}

const use = (quantity: number, dimension = 'requests') =>
  harness.post({ dimension, quantity }, bearer(applicationToken))

/** A record that AWS refuses until the role is corrected. */
async function refusedRecord(): Promise<number> {
  // The proof of the entitlement is a call of MeterUsage too.
  await harness.until(() => harness.sidecar.entitlement.snapshot().entitled)
  await harness.aws.control('faults', { operation: 'MeterUsage', error: 'AccessDeniedException' })
  await use(3)
  await harness.endHour()
  await harness.attempts(1)
  return harness.until(async () => {
    const records = (await ask('records')).body['records'] as { id: number; state: string }[]
    return records.find(({ state }) => state === 'refused')?.id
  })
}

/** A record whose answer was lost before its hour was found taken. */
async function unresolvedRecord(): Promise<number> {
  const { ledger } = harness.sidecar
  const code = { code: 'SomeException', message: 'told' }
  const id = await refusedRecord()
  await markSending(ledger, id)
  await settle(ledger, id, { kind: 'unknown', ...code })
  await markSending(ledger, id)
  await settle(ledger, id, { kind: 'hour-taken', ...code })
  return id
}

const trail = async () =>
  readDecisions(await harness.sidecar.ledger.recall(decisionsNote)).map(
    ({ action, id, dimension, quantity, reason }) => ({ action, id, dimension, quantity, reason }),
  )

async function expectBalanced(): Promise<void> {
  for (const { imbalance } of await harness.sidecar.ledger.audit()) expect(imbalance).toBe(0n)
}

/** The standard product in a baked file that says what operators may decide, and guards the dimension guarded. */
async function baked(allow: readonly string[] | undefined): Promise<SidecarOptions> {
  const aws = await startEmulator()
  const file = {
    productCode: demoProduct.productCode,
    route: 'metered',
    dimensions: [...demoProduct.dimensions, { name: 'guarded', maxPerHour: 1 }],
    settings: { SIDECAR_AWS_ENDPOINT: aws.url },
    ...(allow !== undefined && { operator: { allow } }),
  }
  return {
    aws,
    files: { [defaultBakedProductFile]: JSON.stringify(file) },
    settings: {
      SIDECAR_AWS_ENDPOINT: undefined,
      SIDECAR_PRODUCT_CODE: undefined,
      SIDECAR_ROUTE: undefined,
      SIDECAR_PUBLIC_KEY_FILE: undefined,
      SIDECAR_DIMENSIONS: undefined,
    },
  }
}

describe('the routes of operators', () => {
  const everyRoute: readonly (readonly [string, object | undefined])[] = [
    ['records', undefined],
    ...operatorActions.map((name) => [name, {}] as const),
  ]

  test('are closed where no token of operators is set, whatever token is sent', async () => {
    await start({ settings: { SIDECAR_OPERATOR_TOKEN_FILE: undefined } })
    for (const [path, body] of everyRoute)
      for (const headers of [{}, bearer(operatorToken), bearer(applicationToken)])
        expect((await ask(path, body, headers)).body, path).toMatchObject({
          status: 403,
          code: 'OperatorRoutesClosed',
        })
  })

  test.each([
    ['no token', {}],
    ['a wrong one', bearer('operator-0123456789abcdeX')],
    ['that of the application', bearer(applicationToken)],
    ['it as another kind', { authorization: operatorToken }],
  ])('refuse %s', async (_, headers) => {
    await start()
    for (const [path, body] of everyRoute) {
      const { body: problem } = await ask(path, body, headers)
      expect(problem, path).toMatchObject({ status: 401, code: 'Unauthorized' })
      expect(problem['detail']).toContain('SIDECAR_OPERATOR_TOKEN_FILE')
    }
  })

  test('do not let operators report usage', async () => {
    await start()
    const answer = await harness.post({ dimension: 'requests', quantity: 1 }, bearer(operatorToken))
    expect(answer.status).toBe(401)
  })

  test('refuse every other body, and change nothing', async () => {
    await start()
    const id = await refusedRecord()
    for (const body of [
      '',
      '[]',
      '{}',
      '{"id": 0}',
      '{"id": "1"}',
      '{"id": 1.5}',
      '{"id": 1, "a": 1}',
    ])
      expect((await ask('retry', body)).status, body).toBe(400)
    expect(await harness.sidecar.ledger.pendingRecords()).toMatchObject([{ id, state: 'refused' }])
    expect(await trail()).toEqual([])
  })
})

test('a refused record that is retried after the cause is gone is billed at once', async () => {
  const { log, lines } = createRecordedLog()
  await start({ log })
  const id = await refusedRecord()
  const [record] = (await ask('records')).body['records'] as object[]
  expect(record).toMatchObject({
    id,
    quantity: 3,
    state: 'refused',
    mayBeBilled: false,
    decisions: ['retry', 'reopen', 'void'],
  })
  await harness.aws.control('faults', { operation: 'MeterUsage', times: 0 })
  expect((await ask('retry', { id })).body).toMatchObject({
    action: 'retry',
    record: { id, state: 'sealed' },
    billedWith: null,
  })
  await harness.clock.advance(60_000)
  await harness.until(async () => (await harness.records()).some(({ quantity }) => quantity === 3))
  const about = { id, dimension: 'requests', quantity: '3', reason: null }
  expect(await trail()).toMatchObject([{ action: 'retry', ...about }])
  await harness.until(() => lines.some(({ event }) => event === 'operator.decided'))
  const { text } = await harness.ops('/metrics')
  expect(text).toMatch(/^marketplace_operator_decisions_total\{action="retry"\} 1$/m)
  await expectBalanced()
})

test.each([
  ['reopen', 'moved'],
  ['void', 'moved'],
] as const)('a refused record can be decided about: %s', async (action, state) => {
  await start()
  const id = await refusedRecord()
  const decision = { id, ...(action === 'void' && { reason: 'a test' }) }
  const asked = await ask(action, decision)
  expect(asked.body).toMatchObject({ code: 'InvalidRequest' })
  expect(asked.body['detail']).toContain('This cannot be undone. Nothing was changed')
  const { body } = await ask(action, { ...decision, yes: true })
  expect(body).toMatchObject({ action, record: { id, state } })
  expect(await trail()).toMatchObject([{ action, id }])
  expect((await ask(action, { ...decision, yes: true })).body).toMatchObject({
    code: 'RecordStateMismatch',
  })
  expect(await trail()).toHaveLength(1)
  await expectBalanced()
})

test.each([
  ['resolve-delivered', 'accepted', 0n],
  ['resolve-resend', 'moved', 3_000_000n],
] as const)('an unresolved record can be decided about: %s', async (action, state, open) => {
  await start()
  const id = await unresolvedRecord()
  const { records } = (await ask('records')).body as { records: object[] }
  expect(records).toMatchObject([
    { id, mayBeBilled: true, decisions: ['resolve-delivered', 'resolve-resend'] },
  ])
  expect((await ask(action, { id })).status).toBe(400)
  const force = action === 'resolve-resend' && { force: true }
  const { body } = await ask(action, { id, ...force, yes: true })
  expect(body).toMatchObject({ action, record: { id, state } })
  expect((await harness.sidecar.ledger.audit())[0]?.open).toBe(open)
  expect((await ask('records')).body['records']).toEqual([])
  await expectBalanced()
})

test('an unresolved record that AWS still accepts is resent by force alone', async () => {
  await start()
  const id = await unresolvedRecord()
  const resend = (more: object) => ask('resolve-resend', { id, yes: true, ...more })
  expect((await resend({})).body).toMatchObject({ status: 409, code: 'RecordWindowOpen' })
  expect((await resend({ force: 'yes' })).body).toMatchObject({ code: 'InvalidRequest' })
  expect((await ask('records')).body['records']).toMatchObject([{ id, state: 'unresolved' }])
  await harness.clock.advance(7 * 3_600_000)
  expect((await resend({})).body).toMatchObject({ record: { id, state: 'moved' } })
  await expectBalanced()
})

test('an unresolved record older than the summary is still listed', async () => {
  await start()
  const id = await unresolvedRecord()
  await harness.clock.advance(50 * 24 * 3_600_000)
  expect((await ask('records')).body['records']).toMatchObject([{ id, state: 'unresolved' }])
})

test('ids that nothing has are not found', async () => {
  await start()
  for (const action of ['retry', 'reopen', 'resolve-delivered', 'resolve-resend'])
    expect((await ask(action, { id: 9, yes: true })).body).toMatchObject({ code: 'RecordNotFound' })
  expect((await ask('release', { id: 9, yes: true })).body).toMatchObject({ code: 'HeldNotFound' })
})

describe('with a baked product file', () => {
  test.each([
    ['void', { reason: 'a test' }],
    ['resolve-delivered', {}],
  ] as const)('%s needs its permission', async (action, more) => {
    await start(await baked(undefined))
    const id = await (action === 'void' ? refusedRecord() : unresolvedRecord())
    const { body } = await ask(action, { id, ...more, yes: true })
    expect(body).toMatchObject({ status: 403, code: 'OperatorNotAllowed' })
    expect(await trail()).toEqual([])
    await expectBalanced()
  })

  test('usage is not written off without the permission', async () => {
    await start(await baked(['resolve-delivered']))
    await use(5)
    const usage = { dimension: 'requests', quantity: 2, reason: 'a test', yes: true }
    expect((await ask('void', usage)).body).toMatchObject({ code: 'OperatorNotAllowed' })
    expect((await harness.sidecar.ledger.audit())[0]).toMatchObject({
      void: 0n,
      open: 5_000_000n,
    })
  })

  test('held usage is released, and written off where the file allows that', async () => {
    await start(await baked(['void']))
    await use(5, 'guarded')
    await harness.endHour()
    const held = () =>
      harness.until(async () => {
        const [first] = (await ask('records')).body['held'] as { id: number }[]
        return first?.id
      })
    await held()
    const usage = { dimension: 'guarded', quantity: '2', tags: {}, reason: 'a test', yes: true }
    expect((await ask('void', usage)).status).toBe(200)
    expect((await ask('void', { ...usage, quantity: 4 })).body).toMatchObject({
      code: 'UsageNotFound',
    })
    const { body } = await ask('release', { id: await held(), yes: true })
    expect(body).toMatchObject({ action: 'release', record: null })
    expect(body['billedWith']).toMatch(/T\d\d:00:00\.000Z$/)
    expect(await trail()).toMatchObject([
      { action: 'void', quantity: '2', reason: 'a test' },
      { action: 'release', quantity: '3' },
    ])
    const accounts = await harness.sidecar.ledger.audit()
    expect(accounts.find(({ dimension }) => dimension === 'guarded')).toMatchObject({
      void: 2_000_000n,
      held: 0n,
      open: 3_000_000n,
    })
    await expectBalanced()
  })
})

test('a decision that is refused takes nothing with it of the reports that came with it', async () => {
  await start()
  await use(5)
  const wrong = { dimension: 'requests', quantity: 50, reason: 'a test', yes: true }
  const right = { ...wrong, quantity: 1 }
  const answers = await Promise.all([
    use(1),
    ask('void', wrong),
    use(1),
    ask('void', right),
    ask('void', right),
    use(1),
  ])
  expect(answers.map(({ status }) => status)).toEqual([200, 409, 200, 200, 200, 200])
  expect(await trail()).toHaveLength(2)
  expect((await harness.sidecar.ledger.audit())[0]).toMatchObject({
    reported: 8_000_000n,
    open: 6_000_000n,
    void: 2_000_000n,
  })
  await expectBalanced()
})

test('the commands of docs/guides/ecs.md list and decide', async () => {
  await start()
  const id = await refusedRecord()
  const [, section = ''] = readPage('guides/ecs.md').split('\n## Decisions on Fargate\n')
  const commands = [...section.matchAll(/^ *curl .*localhost:7070\/v1\/operator\/(\S+)$/gm)]
  expect(commands.map(([, path]) => path)).toEqual(['records', 'retry'])
  for (const [command, path = ''] of commands) {
    expect(command).toContain('-H "Authorization: Bearer $TOKEN"')
    const body = / -d '([^']*)'/.exec(command)?.[1]?.replace('"id": 2', `"id": ${id}`)
    expect((await ask(path, body)).status).toBe(200)
  }
  expect(await trail()).toMatchObject([{ action: 'retry', id }])
})
