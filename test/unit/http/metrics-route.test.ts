import fastify from 'fastify'
import { expect, test } from 'vitest'
import { metricsRoute } from '../../../src/http/routes/metrics-route.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function start(render: () => Promise<string>) {
  const timers = new ManualClock()
  const app = fastify()
  metricsRoute(app, { metrics: { contentType: 'text/plain', render }, timers })
  const scrape = async () => (await app.inject('/metrics')).body
  return { timers, scrape }
}

test('forty scrapes in a row get a page each, and more than two a second get the last one again', async () => {
  let pages = 0
  const { timers, scrape } = start(async () => `page ${(pages += 1)}`)
  for (let count = 1; count <= 41; count += 1) expect(await scrape()).toBe(`page ${count}`)
  expect(await scrape()).toBe('page 41')
  await timers.advance(500)
  expect(await scrape()).toBe('page 42')
  expect(await scrape()).toBe('page 42')
})

test('scrapes at the same time get the same page', async () => {
  let pages = 0
  const made = Promise.withResolvers<string>()
  const { scrape } = start(() => {
    pages += 1
    return made.promise
  })
  const all = [scrape(), scrape(), scrape()]
  await new Promise((resolve) => setImmediate(resolve))
  made.resolve('page')
  expect(await Promise.all(all)).toEqual(['page', 'page', 'page'])
  expect(pages).toBe(1)
})

test('a page that could not be made is made again', async () => {
  let pages = 0
  const { scrape } = start(async () => {
    pages += 1
    if (pages === 1) throw new Error('the volume is gone')
    return `page ${pages}`
  })
  await scrape()
  expect(await scrape()).toBe('page 2')
})
