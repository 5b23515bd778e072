import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import type { Page } from 'playwright-core'
import type { UsageAnswer } from '../../src/http/routes/answers.ts'
import { openPage, type Opened } from './browser.ts'
import {
  demoAddresses,
  earlyInTheHour,
  postUsage,
  startProgram,
} from '../support/program/program.ts'
import { playCustomers, saas, startScene, type Scene } from './scene.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

async function play(options: Parameters<typeof startScene>[0] = {}): Promise<Scene> {
  const scene = await startScene(options)
  closers.push(() => scene.close())
  return scene
}

async function look(scene: Scene): Promise<Opened> {
  const opened = await openPage(scene.url)
  closers.push(() => opened.close())
  return opened
}

const expectSeen = (page: Page, selector: string, text: string | RegExp) =>
  page.locator(selector).filter({ hasText: text }).first().waitFor()
const fact = (page: Page, name: string) => page.locator(`[data-fact="${name}"]`)
const tile = (page: Page, name: string) =>
  page.locator(`#dimensions [data-dimension=${JSON.stringify(name)}]`)
const chart = (page: Page, name: string) =>
  page.locator(`#dimensions [data-chart-of=${JSON.stringify(name)}]`)
async function expectBar(page: Page, name: string, label: RegExp): Promise<void> {
  if (!(await chart(page, name).isVisible())) await tile(page, name).locator('.open-chart').click()
  await chart(page, name).getByRole('button', { name: label }).waitFor()
}
const usageOf = async (scene: Scene) =>
  (await scene.get('/v1/usage')).body as unknown as UsageAnswer

describe('the numbers of the page', () => {
  test('are those of the API, and follow them by themselves', async () => {
    const scene = await play({ settings: { SIDECAR_DIMENSIONS: 'requests,storage/1024' } })
    await scene.entitled()
    const { page, complaints } = await look(scene)
    await expectSeen(page, '#state', 'Entitled')
    await expectSeen(page, '#dimensions .quantity', '0')

    await scene.report('requests', 12_345.25)
    await scene.report('storage', 2500)
    await expectSeen(page, '#dimensions .quantity', '12,345.25')
    await tile(page, 'storage').getByText('units, 2.441 to bill').waitFor()
    await expectSeen(page, '#sending', /Next send10:01, in 46 min/)

    await scene.endHourWith(2)
    await expectBar(page, 'requests', /09:00 to 10:00: 12,345 accepted/)
    await expectBar(page, 'storage', /09:00 to 10:00: 2 accepted/)
    expect(await tile(page, 'requests').locator('.quantity').textContent()).toBe('0')
    const { settled, fractions } = await usageOf(scene)
    expect(
      Object.fromEntries(settled.map((record) => [record.dimension, record.quantity])),
    ).toEqual({
      requests: 12_345,
      storage: 2,
    })
    expect(fractions).toEqual([
      { dimension: 'requests', quantity: 0.25 },
      { dimension: 'storage', quantity: 452 },
    ])
    expect(await fact(page, 'Fractions kept').textContent()).toBe('0.25 requests, 452 storage')
    expect(await page.title()).toBe('Healthy \u00b7 marketplace-sidecar')
    expect(complaints).toEqual([])
  })

  test('list the customers of a SaaS product, and only there', async () => {
    const scene = await play(saas)
    await playCustomers(scene)
    const { page, complaints } = await look(scene)
    const row = (key: string) => page.locator(`[data-customer="${key}"]`)
    await row('acme').getByText('Active').waitFor()
    await row('acme').getByText('arn:aws:license-manager::294406891311:license:l-acme').waitFor()
    await row('initech').getByText('Licence ended').waitFor()
    await row('umbrella').getByText('Not registered').waitFor()
    await page.getByText('4 customers').waitFor()
    expect(complaints).toEqual([])
    const other = await look(await play())
    await other.page.locator('#content').waitFor()
    expect(await other.page.locator('#customers-card').isVisible()).toBe(false)
  })

  test('say where the ledger is kept and how much room it has', async () => {
    const scene = await play()
    const { page } = await look(scene)
    await expectSeen(page, '#store', 'files of this task or pod')
    const { store } = await usageOf(scene)
    expect(store.freeBytes).toBeGreaterThan(0)
    expect(await fact(page, 'Free on its volume').textContent()).toMatch(
      /^\S+ .B of \S+ .B, \d+ %$/,
    )
  })

  test('are preceded by a command that sends the first usage', async () => {
    const scene = await play()
    await scene.entitled()
    const { page } = await look(scene)
    await expectSeen(page, '#empty', 'No usage yet')
    const command = (await page.locator('#empty code').textContent()) ?? ''
    expect(command).toBe(
      `curl -d '{"dimension":"requests","quantity":3}' ${scene.url.slice(0, -1)}/v1/usage`,
    )
    await scene.report('requests', 3)
    await page.locator('#empty').waitFor({ state: 'hidden' })
  })

  test('are saved as CSV, also where a token is needed', async () => {
    const token = '0123456789abcdef0123456789abcdef'
    const scene = await play({
      settings: { SIDECAR_API_TOKEN_FILE: '/token' },
      files: { '/token': token },
    })
    const { page } = await look(scene)
    await page.getByLabel('Token').fill(token)
    await page.getByLabel('Token').press('Enter')
    await page.locator('#content').waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('#billed-csv').click(),
    ])
    expect(download.suggestedFilename()).toBe('billed.csv')
    expect(readFileSync(await download.path(), 'utf8')).toMatch(/^hour,dimension,quantity,/)
  })

  test('are the same in the table and in the bars', async () => {
    const scene = await play()
    await scene.entitled()
    for (const quantity of [7, 11]) {
      await scene.report('requests', quantity)
      await scene.endHourWith(1)
    }
    const { page } = await look(scene)
    await tile(page, 'requests').locator('.open-chart').click()
    const opened = chart(page, 'requests')
    await opened.getByText('As a table').click()
    const rows = opened.locator('tbody tr')
    await rows.nth(1).waitFor()
    expect(await rows.allTextContents()).toEqual(['10:00 to 11:0011', '09:00 to 10:007'])
    const heights = await opened
      .locator('.bar .accepted:visible')
      .evaluateAll((nodes) =>
        nodes.map((node) => (node as unknown as { style: { height: string } }).style.height),
      )
    expect(heights).toEqual(['46.67%', '73.33%'])
  })

  test('show late usage separately, in the hour that it was added to', async () => {
    const scene = await play()
    await scene.entitled()
    await scene.report('requests', 5)
    await scene.endHourWith(1)
    await scene.report('requests', 3, { occurredAt: '2026-03-10T09:59:00Z' })
    await scene.report('requests', 1)
    const { page } = await look(scene)
    await tile(page, 'requests').getByText('3 of it late').waitFor()
    await expectBar(page, 'requests', /10:00 to 11:00: 3 late, 1 open/)
    await scene.endHourWith(1)
    await expectBar(page, 'requests', /10:00 to 11:00: 1 accepted, 3 late/)
  })
})

describe('the page says what is wrong, and what to do', () => {
  test('when the buyer is not entitled', async () => {
    const scene = await play({ prepare: (aws) => aws.control('settings', { entitled: false }) })
    const { page, complaints } = await look(scene)
    await expectSeen(page, '#state', 'Denied')
    await expectSeen(page, '#state-message', /Subscribe to the product/)
    await expectSeen(page, '#state-code', 'CustomerNotEntitledException')
    await expectSeen(page, '#transitions', /Starting \u2192 Denied CustomerNotEntitledException/)
    expect(await page.title()).toMatch(/^Blocked: the buyer has no subscription/)
    await expectSeen(page, '#verdict', 'Blocked: the buyer has no subscription')
    await expectSeen(page, '#problem-list h3', 'The product may not run')
    await expectSeen(page, '#problem-list', /Subscribe to the product/)
    // Chromium itself logs that a fetch was answered with 403.
    expect(complaints.filter((text) => !/status of 403/.test(text))).toEqual([])
  })

  test('when AWS cannot be reached, and that it can again', async () => {
    const scene = await play({
      prepare: (aws) => aws.control('faults', { drop: 'before', times: 1000 }),
    })
    const { page } = await look(scene)
    await expectSeen(page, '#state', 'AWS not reached')
    await expectSeen(page, '#state-message', /Nothing answers at SIDECAR_AWS_ENDPOINT/)
    await expectSeen(page, '#problem-list h3', 'AWS does not answer')
    await expectSeen(page, '#problem-list code', 'marketplace-sidecar doctor')
    await scene.aws.control('reset', {})
    await expectSeen(page, '#state', /^Entitled$/)
    await expectSeen(page, '#problem-list', 'Nothing needs attention.')
  })

  test('when AWS refuses the role, without a word of the network', async () => {
    const scene = await play({
      prepare: (aws) =>
        aws.control('faults', { operation: '*', times: 1000, error: 'AccessDeniedException' }),
    })
    const { page } = await look(scene)
    await expectSeen(page, '#verdict', 'Blocked: IAM permission missing')
    await expectSeen(page, '#state', 'Refused by IAM')
    await expectSeen(page, '#problem-list h3', 'AWS refuses the role')
    await expectSeen(page, '#problem-list', /Allow aws-marketplace:RegisterUsage/)
    expect(await page.locator('#content').textContent()).not.toMatch(/not reached|does not answer/)
  })

  test('when AWS refused a record', async () => {
    const scene = await play()
    await scene.entitled()
    await scene.report('requests', 5)
    await scene.fault({ error: 'AccessDeniedException', message: 'User is not authorized.' })
    await scene.endHourWith(1)
    const { page } = await look(scene)
    await expectSeen(page, '.trouble h3', 'Refused by AWS: 1 record')
    await expectSeen(page, '.trouble', /User is not authorized\. Allow aws-marketplace:MeterUsage/)
    await expectSeen(page, '.trouble code', 'marketplace-sidecar ledger retry 1')
    await expectSeen(page, '.trouble .chips', '#1 requests, 09:00: 5')
    await expectBar(page, 'requests', /09:00 to 10:00: 5 refused or unresolved/)
    expect(await page.title()).toBe(
      'Action needed: IAM permission missing, 1 record refused \u00b7 marketplace-sidecar',
    )
    await expectSeen(page, '.deadline', /^AWS accepts 09:00 until 16:00, \d h( \d+ min)? left\.$/)
  })

  test('when a record may have been billed', async () => {
    const scene = await play()
    await scene.entitled()
    await scene.report('requests', 5)
    await scene.fault({ drop: 'after' })
    await scene.fault({ error: 'DuplicateRequestException' })
    await scene.endHourWith(1)
    await scene.clock.advance(5000)
    await scene.attempts(2)
    const { page } = await look(scene)
    await expectSeen(page, '.trouble h3', 'Perhaps billed: 1 record')
    for (const option of ['--delivered', '--resend'])
      await expectSeen(page, '.trouble code', `marketplace-sidecar ledger resolve 1 ${option}`)
    for (let hour = 0; hour < 50; hour += 1) await scene.endHour()
    await expectSeen(page, '.trouble h3', 'Perhaps billed: 1 record older than 48 hours')
  })

  test('when AWS is down, and that nothing is lost', async () => {
    const scene = await play()
    await scene.entitled()
    const { page } = await look(scene)
    await scene.report('requests', 5)
    await scene.fault({ drop: 'before', times: 1000 })
    await scene.endHourWith(1)
    await expectSeen(page, '.trouble h3', 'Not accepted by AWS yet: 1 record')
    await expectSeen(page, '.trouble', 'Nothing is lost.')
    await expectBar(page, 'requests', /09:00 to 10:00: 5 pending/)
    expect(await fact(page, 'Oldest unsent hour').textContent()).toMatch(/^09:00/)
    await scene.aws.control('reset', {})
    await scene.clock.advance(60_000)
    await expectBar(page, 'requests', /09:00 to 10:00: 5 accepted/)
    await expectSeen(page, '#problem-list', 'Nothing needs attention.')
    await expectSeen(page, '#verdict', 'Healthy')
  })

  test('when the sidecar is gone, and that it is back', async () => {
    const first = await play()
    await first.entitled()
    await first.report('requests', 5)
    const { page } = await look(first)
    await expectSeen(page, '#dimensions .quantity', '5')
    await first.sidecar.stop()
    await expectSeen(page, '#connection', /The sidecar does not answer .* Next try in \d+ s/)
    expect(await page.title()).toMatch(/^No answer/)
    expect(await tile(page, 'requests').locator('.quantity').textContent()).toBe('5')

    const { port } = new URL(first.url)
    const { aws, dataDir } = first
    const second = await startScene({
      aws,
      dataDir,
      settings: { SIDECAR_LISTEN: `127.0.0.1:${port}` },
    })
    await page.locator('#connection').waitFor({ state: 'hidden' })
    await expectSeen(page, '#state', /^Entitled$/)
    await expectBar(page, 'requests', /09:00 to 10:00: 5 accepted/)
    await second.sidecar.stop()
  })
})

describe('text from elsewhere', () => {
  const hostile = '<img src=x onerror="document.title=1"><b>&amp;'

  test('is shown as text', async () => {
    const scene = await play({ settings: { SIDECAR_DIMENSIONS: `requests,${hostile}` } })
    await scene.entitled()
    await scene.report(hostile, 2, { tags: { team: 'script' } })
    await scene.report('requests', 3)
    await scene.fault({ error: 'AccessDeniedException', message: hostile, times: 2 })
    await scene.endHourWith(2)
    const { page, complaints } = await look(scene)
    await page.locator('.trouble').getByText(hostile).first().waitFor()
    expect(await page.locator('.open-chart').allTextContents()).toEqual(['requests', hostile])
    expect(await page.locator('img, b').count()).toBe(0)
    expect(await page.title()).toMatch(/^Action needed/)
    expect(complaints).toEqual([])
  })
})

describe('a sidecar with a token', () => {
  const token = '0123456789abcdef0123456789abcdef'

  test('is asked with the token that is typed in, which no storage keeps', async () => {
    const files = { '/token': token }
    const scene = await play({ settings: { SIDECAR_API_TOKEN_FILE: '/token' }, files })
    const { page } = await look(scene)
    const field = page.getByLabel('Token')
    await field.fill('wrong')
    await field.press('Enter')
    await expectSeen(page, '#token-problem', 'does not accept')
    await field.fill(token)
    await page.getByRole('button', { name: 'Show the state' }).click()
    await expectSeen(page, '#state', /^Entitled$/)
    expect(await field.isVisible()).toBe(false)
    expect(
      await page.evaluate('JSON.stringify([localStorage, sessionStorage, document.cookie])'),
    ).toBe('[{},{},""]')
    await page.reload()
    await field.waitFor()
  })
})

describe('a hidden page', () => {
  test('asks nothing until it is visible again', async () => {
    const scene = await play()
    const { page } = await look(scene)
    await page.clock.install()
    await page.reload()
    await expectSeen(page, '#state', /^Entitled$/)
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page.clock.runFor(5000)
    expect(asked).not.toEqual([])

    await page.evaluate(
      `Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })
       document.dispatchEvent(new Event('visibilitychange'))`,
    )
    asked.length = 0
    await page.clock.runFor(60_000)
    expect(asked).toEqual([])
    await scene.report('requests', 9)
    await page.evaluate(
      `delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))`,
    )
    await expectSeen(page, '#dimensions .quantity', '9')
  })
})

describe('the page of the demo', () => {
  test('shows what the API says after a fast hour', async () => {
    const program = startProgram([
      'demo',
      '--port',
      '0',
      '--ops-port',
      '0',
      '--emulator-port',
      '0',
      '--hour',
      '6s',
    ])
    const addresses = await demoAddresses(program)
    const opened = await openPage(addresses.app)
    closers.push(() => opened.close())
    const { page, complaints } = opened
    await expectSeen(page, '#state', /^Entitled$/)
    await earlyInTheHour(addresses)
    for (const quantity of [1, 2, 4])
      expect(await postUsage(addresses.app, { dimension: 'requests', quantity })).toBe(200)
    await expectSeen(page, '#dimensions .quantity', /^7$/)
    await expectBar(page, 'requests', /: 7 accepted/)
    const answer = await fetch(`${addresses.app}/v1/usage`)
    const { settled } = (await answer.json()) as UsageAnswer
    expect(settled).toMatchObject([{ dimension: 'requests', quantity: 7, state: 'accepted' }])
    expect(complaints).toEqual([])
  })
})
