import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll } from 'vitest'
import { chromiumPath } from '../../scripts/tools/browser-tools.ts'

/** A page, and everything that the browser reported while it was open. */
export interface Opened {
  readonly page: Page
  /** Errors on the console, exceptions, breaches of the page's policy. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}

export type View = Pick<BrowserContextOptions, 'colorScheme' | 'viewport' | 'bypassCSP'>

export const views = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  phone: { colorScheme: 'light', viewport: { width: 360, height: 740 } },
} as const satisfies Record<string, View>

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

let browser: Promise<Browser> | undefined
afterAll(async () => (await browser)?.close())

/** Playwright gives each browser a new empty profile and deletes it afterwards. */
async function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: await chromiumPath(), args: flags })
}

/** Opens a page that shares nothing with other pages. */
export async function openPage(url: string, view: View = views.light): Promise<Opened> {
  browser ??= launch()
  const context = await (await browser).newContext(view)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(url)
  return { page, complaints, close: () => context.close() }
}
