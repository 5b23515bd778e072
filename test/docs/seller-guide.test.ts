import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { failureTable } from '../../src/aws/failure-table.ts'
import { loadProductFile } from '../../src/config/load-product.ts'
import { errorCodes } from '../../src/errors.ts'
import { codeBlocks } from '../support/console-examples.ts'
import { root } from '../support/program.ts'
import { readPage, tableOf } from './page.ts'

describe('the buyer instructions', () => {
  const page = readPage('buyer-instructions.md')

  test('have the policy that the project ships', () => {
    const [policy = ''] = codeBlocks(page, 'json')
    const shipped = readFileSync(join(root, 'deploy/iam-policy.json'), 'utf8')
    expect(JSON.parse(policy)).toEqual(JSON.parse(shipped))
  })

  test('ask for no change but in values.yaml', () => {
    expect(page).not.toMatch(/--set\b|--set-string/)
    const files = [...page.matchAll(/\b([\w-]+\.ya?ml)\b/g)].map(([, file]) => file)
    expect(new Set(files)).toEqual(new Set(['values.yaml']))
  })

  test('name codes that the log really says', () => {
    const codes = tableOf(page, 'What its log says').flatMap(([cell = '']) =>
      cell.split(', ').map((code) => code.replaceAll('`', '')),
    )
    expect(codes.length).toBeGreaterThan(5)
    const known: readonly string[] = [...failureTable.keys(), ...errorCodes, 'RegionMismatch']
    expect(codes.filter((code) => !known.includes(code) && !/^E[A-Z]+$/.test(code))).toEqual([])
  })
})

describe('the seller guide', () => {
  const page = readPage('seller-guide.md')

  test('says of each thing that AWS asks where it is done', () => {
    const rows = tableOf(page, 'What AWS asks')
    expect(rows.length).toBeGreaterThan(10)
    for (const [asked, where] of rows) expect(where, asked).toMatch(/\w/)
  })

  test('shows a product file with the members that there are', () => {
    const [text = ''] = codeBlocks(page, 'json')
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = publicKey.export({ type: 'spki', format: 'pem' })
    const file = JSON.stringify({ ...JSON.parse(text), publicKeys: { 1: pem } })
    const product = loadProductFile('/product.json', { readText: () => file })
    expect(product).toMatchObject({ route: 'both', productCode: '4a2bexampleproductcode' })
  })
})
