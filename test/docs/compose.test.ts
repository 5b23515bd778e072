import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadSettings } from '../../src/config/load-settings.ts'
import { demoProduct } from '../../src/emulator/demo-product.ts'
import { root } from '../support/program/program.ts'
import { readPage, tableOf } from './page.ts'

interface Service {
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly stop_grace_period?: string
}
const { services } = parse(readFileSync(join(root, 'deploy/compose/compose.yaml'), 'utf8')) as {
  services: Readonly<Record<string, Service>>
}
const page = readPage('guides/compose.md')

describe('compose.yaml', () => {
  test('gives the sidecar settings that it accepts, for the product of the emulator, and time to stop', () => {
    const { environment = {}, stop_grace_period: grace = '' } = services['sidecar'] ?? {}
    const { product, shutdownTimeoutMs } = loadSettings(environment, {
      readText: () => undefined,
    })
    expect(product.productCode).toBe(demoProduct.productCode)
    expect(product.dimensions.map(({ name }) => name)).toEqual(demoProduct.dimensions)
    expect(Number(grace.replace('s', '')) * 1000).toBeGreaterThan(shutdownTimeoutMs)
  })

  test('publishes its ports to this machine only', () => {
    const ports = Object.values(services).flatMap(({ ports: own = [] }) => own)
    expect(ports).toHaveLength(3)
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
  })
})

describe('docs/guides/compose.md', () => {
  test('has every service and its address', () => {
    const rows = tableOf(page, 'Service')
    expect(new Set(rows.map(([name]) => name))).toEqual(new Set(Object.keys(services)))
    for (const [name = '', , where = ''] of rows) {
      const [port = ''] = services[name]?.ports ?? []
      const published = /^127\.0\.0\.1:(\d+):/.exec(port)?.[1]
      expect(/localhost:(\d+)/.exec(where)?.[1], name).toBe(published)
    }
  })

  test('names services that exist', () => {
    const named = [...page.matchAll(/docker compose (?:exec|stop) ([a-z ]+?)(?: node| *$)/gm)]
    const names = named.flatMap(([, list = '']) => list.split(' '))
    expect(names).toEqual(['application', 'application', 'sidecar'])
    for (const name of names) expect(services).toHaveProperty(name)
  })
})
