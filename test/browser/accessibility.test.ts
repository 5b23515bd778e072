import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { axePath } from '../../scripts/tools/browser-tools.ts'
import { openPage, views, type Opened, type View } from './browser.ts'
import { playCustomers, playTwoDays, saas, startScene, type Scene } from './scene.ts'

/** The folder of screenshots, which CI keeps. */
const folder = fileURLToPath(new URL('../../.cache/screenshots', import.meta.url))

const token = '0123456789abcdef0123456789abcdef'
const scenes: Record<string, Scene> = {}
beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  scenes['two-days'] = await startScene({
    settings: { SIDECAR_DIMENSIONS: 'requests,storage/1024' },
  })
  await playTwoDays(scenes['two-days'])
  scenes['denied'] = await startScene({
    prepare: (aws) => aws.control('settings', { entitled: false }),
  })
  scenes['unreachable'] = await startScene({
    prepare: (aws) => aws.control('faults', { drop: 'before', times: 1000 }),
  })
  scenes['customers'] = await startScene(saas)
  await playCustomers(scenes['customers'])
  scenes['token'] = await startScene({
    settings: { SIDECAR_API_TOKEN_FILE: '/token' },
    files: { '/token': token },
  })
})
afterAll(async () => {
  for (const scene of Object.values(scenes)) await scene.close()
})

async function withPage(
  name: string,
  view: View,
  look: (opened: Opened) => Promise<void>,
): Promise<void> {
  const scene = scenes[name]
  if (scene === undefined) throw new Error(`unknown scene ${name}`)
  const opened = await openPage(scene.url, view)
  try {
    await opened.page.locator(name === 'token' ? '#token-form' : '#content').waitFor()
    await look(opened)
  } finally {
    await opened.close()
  }
}

/** Opens each chart, and each table in it. */
async function openEverything(page: Page): Promise<void> {
  for (const each of ['.open-chart', 'summary'])
    for (const button of await page.locator(each).all()) await button.click()
}

interface Finding {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/** Returns the findings of axe-core with every rule that it has for web pages. */
async function findings(
  page: Page,
): Promise<Readonly<Record<'violations' | 'incomplete' | 'passes', Finding[]>>> {
  await page.addScriptTag({ path: await axePath() })
  return page.evaluate('axe.run(document, { resultTypes: ["violations", "incomplete", "passes"] })')
}

const shown = (found: readonly Finding[]) =>
  found.map(({ id, nodes }) => [
    id,
    nodes.map(({ html, failureSummary }) => [html, failureSummary]),
  ])

const everyView = Object.entries(views)
const everyScene = ['two-days', 'denied', 'unreachable', 'customers', 'token']

describe.each(everyView)('in the view %s', (viewName, view) => {
  test.each(everyScene)('axe-core finds nothing: %s', async (name) => {
    await withPage(name, { ...view, bypassCSP: true }, async ({ page }) => {
      await openEverything(page)
      const { violations, incomplete, passes } = await findings(page)
      expect(shown(violations)).toEqual([])
      // Text whose contrast cannot be computed fails too, except cells that are scrolled out of a narrow window:
      // the wide windows show them.
      const untold = incomplete
        .filter(({ id }) => id === 'color-contrast')
        .flatMap(({ nodes }) => nodes.map(({ html }) => html))
      const isCell = (html: string) => viewName === 'phone' && /^<t[hd]/.test(html)
      expect(untold.filter((html) => !isCell(html))).toEqual([])
      expect(passes.find(({ id }) => id === 'color-contrast')?.nodes.length).toBeGreaterThan(3)
    })
  })

  test.each(everyScene)(
    'nothing is wider than the window, and the screenshot shows %s',
    async (name) => {
      await withPage(name, view, async ({ page }) => {
        await page.screenshot({ path: join(folder, `${name}-${viewName}.png`), fullPage: true })
        await openEverything(page)
        const { scroll, client } = await page.evaluate<{ scroll: number; client: number }>(
          '({ scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth })',
        )
        expect(client).toBe(view.viewport.width)
        expect(scroll).toBeLessThanOrEqual(client)
        await page.screenshot({
          path: join(folder, `${name}-${viewName}-open.png`),
          fullPage: true,
        })
      })
    },
  )
})

describe('the keyboard', () => {
  test('reaches everything that can be used, and the focus is visible', async () => {
    await withPage('two-days', views.light, async ({ page }) => {
      const stops: string[] = []
      await page.locator('.open-chart').first().click()
      await page.locator('h1').click()
      for (let step = 0; step < 11; step += 1) {
        await page.keyboard.press('Tab')
        stops.push(await page.evaluate(describeFocus))
        const outline = await page.evaluate<string>(
          'getComputedStyle(document.activeElement).outlineStyle',
        )
        expect(outline, stops.join(', ')).toBe('solid')
      }
      expect(stops).toEqual([
        'BUTTON Copy marketplace-sidecar ledger resolve 90 --delivered',
        'BUTTON Copy marketplace-sidecar ledger resolve 90 --resend',
        'A What was billed, as CSV',
        'DIV Usage by dimension',
        'BUTTON requests',
        'BUTTON 09:00 to 10:00: 812.75 open',
        'SUMMARY As a table',
        'BUTTON storage',
        'A /v1/entitlement',
        'A /v1/usage',
        'A /openapi.json',
      ])
    })
  })

  test('moves along the bars, and the text follows', async () => {
    await withPage('two-days', views.light, async ({ page }) => {
      const chart = page.locator('[data-chart-of="requests"]')
      const detail = chart.locator('.tip')
      const focused = () => page.evaluate(describeFocus)
      await page.getByRole('button', { name: 'requests', exact: true }).press('Enter')
      await page.keyboard.press('Tab')
      await page.keyboard.press('ArrowLeft')
      expect(await focused()).toBe('BUTTON 08:00 to 09:00: 95 open')
      expect(await detail.textContent()).toBe('08:00 to 09:00: 95 open')
      await page.keyboard.press('Home')
      expect(await focused()).toMatch(/^BUTTON 10 Mar 10:00 to 11:00: \d+ accepted$/)
      await page.keyboard.press('ArrowLeft')
      expect(await focused()).toMatch(/^BUTTON 10 Mar 10:00/)
      await page.keyboard.press('End')
      expect(await focused()).toMatch(/^BUTTON 09:00/)
    })
  })

  test('keeps its place when the page changes', async () => {
    await withPage('two-days', views.light, async ({ page }) => {
      await page.getByRole('button', { name: 'requests', exact: true }).press('Enter')
      await page.keyboard.press('Tab')
      await scenes['two-days']?.report('requests', 0.25)
      await page.locator('#dimensions .quantity').filter({ hasText: '813' }).waitFor()
      expect(await page.evaluate(describeFocus)).toBe('BUTTON 09:00 to 10:00: 813 open')
    })
  })
})

const describeFocus = `document.activeElement.tagName + ' ' +
  (document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent)`

describe('a screen reader', () => {
  test('finds landmarks and headings in their order', async () => {
    await withPage('two-days', views.light, async ({ page }) => {
      const roles = ['banner', 'main', 'contentinfo', 'navigation'] as const
      for (const role of roles) expect(await page.getByRole(role).count(), role).toBe(1)
      const headings = await page.locator('h1:visible, h2:visible').allTextContents()
      expect(headings.filter((text) => !/token/.test(text))).toEqual([
        'marketplace-sidecar',
        'Needs attention',
        'Usage',
        'Entitlement',
        'Sending to AWS',
        'Ledger',
      ])
    })
  })

  test('hears of changes that need action, and not of every number', async () => {
    await withPage('two-days', views.light, async ({ page }) => {
      const announcer = page.getByRole('status')
      expect(await announcer.textContent()).toBe(
        'Action needed: decide about 1 record that AWS may have billed',
      )
      await page.evaluate(
        `window.heard = 0
         new MutationObserver(() => (window.heard += 1)).observe(document.getElementById('announcer'),
           { childList: true, characterData: true, subtree: true })`,
      )
      await scenes['two-days']?.report('requests', 1000)
      await page.locator('#dimensions .quantity').filter({ hasText: '1,81' }).waitFor()
      expect(await page.evaluate('window.heard')).toBe(0)
    })
  })
})
