import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { classifyError } from '../../src/aws/classify-error.ts'
import { failureTable } from '../../src/aws/failure-table.ts'
import { parseProductFile } from '../../src/product/load-product.ts'
import { exitTable } from '../../src/kernel/problems/exit-table.ts'
import { problemTable } from '../../src/kernel/problems/problem-table.ts'
import { codeBlocks } from '../support/program/console-examples.ts'
import { root } from '../support/program/program.ts'
import { readPage, tableOf } from './page.ts'

describe('the buyer instructions', () => {
  const page = readPage('guides/buyer-instructions.md')

  test('have the policy that the project ships', () => {
    const [policy = ''] = codeBlocks(page, 'json')
    const shipped = readFileSync(join(root, 'deploy/iam-policy.json'), 'utf8')
    expect(JSON.parse(policy)).toEqual(JSON.parse(shipped))
  })

  test('need changes only in values.yaml', () => {
    expect(page).not.toMatch(/--set\b|--set-string/)
    const files = [...page.matchAll(/\b([\w-]+\.ya?ml)\b/g)].map(([, file]) => file)
    expect(new Set(files)).toEqual(new Set(['values.yaml']))
  })

  test('name codes that the log really has', () => {
    const codes = tableOf(page, 'What its log says').flatMap(([cell = '']) =>
      cell.split(', ').map((code) => code.replaceAll('`', '')),
    )
    expect(codes.length).toBeGreaterThan(5)
    const known: readonly string[] = [
      ...failureTable.keys(),
      ...Object.keys(problemTable),
      ...Object.keys(exitTable),
      'RegionMismatch',
    ]
    expect(codes.filter((code) => !known.includes(code))).toEqual([])
  })

  test.each([
    ['a subnet without a route to the internet', 'ETIMEDOUT', 'connect'],
    ['a port that is closed', 'ECONNREFUSED', 'connect'],
    ['a name that does not resolve', 'ENOTFOUND', 'getaddrinfo'],
  ])('have the code that is logged for %s', (_, code, syscall) => {
    const error = Object.assign(new Error(code), { code, syscall })
    const logged = classifyError(error, 'MeterUsage').code
    expect(tableOf(page, 'What its log says').flat().join()).toContain(`\`${logged}\``)
  })

  test('log in to the registry before they pull anything from it', () => {
    const lines = codeBlocks(page.replaceAll(/^ +/gm, ''), 'sh').join('').split('\n')
    const first = lines.findIndex((line) => line.includes('oci://'))
    const login = lines.findIndex((line) => line.includes('helm registry login'))
    expect(login).toBeGreaterThan(-1)
    expect(login).toBeLessThan(first)
  })
})

describe('the image that goes to AWS Marketplace', () => {
  const builds = ['guides/seller-guide.md', 'guides/image.md'].flatMap((name) =>
    codeBlocks(readPage(name), 'sh')
      .flatMap((text) => text.replaceAll('\\\n', ' ').split('\n'))
      .filter((line) => line.includes(' --push ')),
  )
  const forBuyers = builds.filter((line) => line.includes('709825985650.dkr.ecr.'))
  const optionOf = (line: string, name: string) => new RegExp(`${name}[ =](\\S+)`).exec(line)?.[1]

  test('is built of a folder with a product file, never of this project', () => {
    expect(forBuyers.length).toBeGreaterThan(1)
    const folders = forBuyers.map((line) => line.split(' ').at(-1) ?? '')
    const named = folders.filter((folder) => folder !== 'my-sidecar')
    expect(named).not.toEqual([])
    for (const folder of named) {
      expect(existsSync(join(root, folder, 'product.json')), folder).toBe(true)
      expect(readFileSync(join(root, folder, 'Dockerfile'), 'utf8')).toContain(
        'FROM ${SIDECAR_IMAGE}',
      )
    }
    expect(readPage('guides/seller-guide.md')).toMatch(
      /`my-sidecar` is a copy of \[examples\/seller-image\]/,
    )
  })

  test('is for both processors, and is based on an image that was already pushed for both', () => {
    const pushed = builds.map((line) => optionOf(line, '-t'))
    for (const line of builds) expect(line).toContain('--platform linux/amd64,linux/arm64')
    for (const line of forBuyers)
      expect(pushed).toContain(optionOf(line, '--build-arg SIDECAR_IMAGE'))
  })
})

describe('the seller guide', () => {
  const page = readPage('guides/seller-guide.md')

  test('says where each of AWS’s requirements is met', () => {
    const rows = tableOf(page, 'What AWS asks')
    expect(rows.length).toBeGreaterThan(10)
    for (const [asked, where] of rows) expect(where, asked).toMatch(/\w/)
  })

  test('has the launch use the service account that AWS creates, and not create it again', () => {
    expect(page).toContain('`serviceAccount.name` with the default `${AWSMP_SERVICE_ACCOUNT}`')
    expect(page).toContain('`serviceAccount.create` with `false`')
  })

  test('shows a product file with only members that exist', () => {
    const [text = ''] = codeBlocks(page, 'json')
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = publicKey.export({ type: 'spki', format: 'pem' })
    const file = JSON.stringify({ ...JSON.parse(text), publicKeys: { 1: pem } })
    expect(parseProductFile(file)).toMatchObject({
      ok: true,
      value: { route: 'both', productCode: '4a2bexampleproductcode' },
    })
  })
})
