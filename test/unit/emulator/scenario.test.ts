import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { SidecarError } from '../../../src/kernel/errors.ts'
import { parseScenario, readScenario } from '../../../src/emulator/scenario/read-scenario.ts'

const smallest = 'products: [{ code: c, dimensions: [d] }]'

/** The mistakes in a scenario, each a line. */
function mistakesOf(text: string): readonly string[] {
  try {
    parseScenario(text, 'test.yaml')
  } catch (error) {
    if (!(error instanceof SidecarError) || error.code !== 'InvalidArguments') throw error
    return error.message.split('\n  - ').slice(1)
  }
  return []
}

describe('a scenario', () => {
  test('needs one product and nothing else', () => {
    expect(parseScenario(smallest, 'test.yaml')).toEqual({
      products: [
        {
          productCode: 'c',
          route: 'both',
          dimensions: ['d'],
          publicKeyVersion: 1,
          olderKeyVersions: [],
        },
      ],
      buyers: [],
      tasks: [],
      faults: [],
    })
  })

  test('becomes the options of an emulator', () => {
    const options = parseScenario(
      `
      region: eu-west-1
      dryRunForm: error
      clock: { start: 2026-03-10T09:15:00Z, hourMs: 20000 }
      products:
        - { code: c, route: hourly, publicKeyVersions: [2, 3], publicKeyRotationAt: 2026-01-01T00:00:00Z }
        - { code: d, dimensions: [x], regions: [eu-west-1] }
      buyers: [{ id: a }, { id: b, entitled: false, products: [d], leavesAt: 2026-04-01T00:00:00Z }]
      tasks: [{ accessKeyId: K1 }, { accessKeyId: K2, buyer: b, platform: unsupported }]
      customers: [{ accountId: '012', licenseArn: 'arn:aws:license-manager::1:license:l-1' }]
      faults: [{ error: ThrottlingException, times: 2 }]
      `,
      'test.yaml',
    )
    expect(options).toMatchObject({
      region: 'eu-west-1',
      settings: { dryRunForm: 'error' },
      startAt: Date.parse('2026-03-10T09:15:00Z'),
      rate: 180,
      products: [
        {
          productCode: 'c',
          dimensions: [],
          publicKeyVersion: 3,
          olderKeyVersions: [2],
          publicKeyRotationAt: Date.parse('2026-01-01T00:00:00Z'),
        },
        { productCode: 'd', regions: ['eu-west-1'] },
      ],
      buyers: [
        { id: 'a', entitled: true },
        { id: 'b', entitled: false, products: ['d'], leavesAt: Date.parse('2026-04-01T00:00:00Z') },
      ],
      tasks: [
        { accessKeyId: 'K1', buyer: 'a', platform: 'supported', credentials: 'task' },
        { accessKeyId: 'K2', buyer: 'b', platform: 'unsupported' },
      ],
      customers: [{ productCode: 'c', customerAwsAccountId: '012', subscribed: true }],
      faults: [
        { operation: '*', times: 2, effect: { kind: 'error', name: 'ThrottlingException' } },
      ],
    })
  })

  test('an empty section counts as absent', () => {
    expect(mistakesOf(`${smallest}\nbuyers:\ntasks:\n`)).toEqual([])
  })

  test('has all its mistakes listed at once', () => {
    const mistakes = mistakesOf(`
      region: Europe
      colour: red
      clock: { start: noon, hourMs: 0 }
      products: [{ route: free, dimensions: [] }]
      customers: [{ accountId: 123456789012 }]
    `)
    expect(mistakes).toEqual([
      expect.stringMatching(/^colour is not known; known are region, dryRunForm, clock/),
      'region must be a region name such as us-east-1, not "Europe"',
      'clock.start must be a time such as 2026-03-10T09:15:00Z, not "noon"',
      'clock.hourMs must be a whole number from 1 to 3600000, not 0',
      expect.stringMatching(/^products\[0\]\.code is missing: give 1 to 255 letters/),
      'products[0].route must be one of hourly, metered, both, not "free"',
      'products[0].dimensions must be a list of 1 to 200 dimensions, not 0 of them',
      'customers[0].accountId must be digits, in quotes, not 123456789012; put it in quotes',
      expect.stringMatching(/^customers\[0\]\.licenseArn is missing: give an ARN/),
    ])
  })

  test.each([
    ['nothing', '', 'the file must be a section of fields, not null'],
    ['a list', '- a', 'the file must be a section of fields, not ["a"]'],
    ['no product', 'region: eu-west-1', 'products is missing: give a list of 1 to 100 products'],
    ['a name twice', `${smallest}\n${smallest}`, 'Map keys must be unique at line 2, column 1'],
    ['broken YAML', 'products: [', 'Flow sequence in block collection must be'],
    ['two documents', `${smallest}\n---\n${smallest}`, 'Source contains multiple documents'],
    ['an unknown tag', `${smallest}\nregion: !secret x`, 'Unresolved tag: !secret'],
    [
      'more dimensions than a SaaS product has',
      dimensions(201),
      'must be a list of 1 to 200 dimensions, not 201 of them',
    ],
    ['a dimension twice', 'products: [{ code: c, dimensions: [d, d] }]', 'has an entry twice'],
    [
      'a code twice',
      'products: [{ code: c, route: hourly }, { code: c, route: hourly }]',
      '"c" appears twice',
    ],
    ['no dimension', 'products: [{ code: c }]', 'the route both needs at least one'],
    [
      'versions that go down',
      'products: [{ code: c, route: hourly, publicKeyVersions: [2, 1] }]',
      'publicKeyVersions must go up',
    ],
    ['an unknown buyer', `${smallest}\ntasks: [{ accessKeyId: K, buyer: x }]`, 'named "x"'],
    [
      'a task twice',
      `${smallest}\ntasks: [{ accessKeyId: K }, { accessKeyId: K }]`,
      '"K" appears twice',
    ],
    ['an unknown product', `${smallest}\nbuyers: [{ id: b, products: [x] }]`, 'there is c'],
    ['a list for a section', `${smallest}\nclock: []`, 'clock must be a section of fields, not []'],
    ['yes for true', `${smallest}\nbuyers: [{ id: b, entitled: yes }]`, 'must be true or false'],
    ['a fault of nothing', `${smallest}\nfaults: [{ times: 2 }]`, 'faults[0]: give exactly one of'],
    [
      'an unknown error',
      `${smallest}\nfaults: [{ error: Oops }]`,
      'faults[0].error must be the name',
    ],
    [
      'a licence that ends before it starts',
      `${smallest}\ncustomers: [{ accountId: '1', licenseArn: 'arn:aws:l:::x', ` +
        'licenseStartsAt: 2026-01-01T00:00:00Z, licenseEndsAt: 2025-01-01T00:00:00Z }]',
      'customers[0].licenseEndsAt must be after licenseStartsAt',
    ],
  ])('with %s is refused', (_what, text, message) => {
    expect(mistakesOf(text).join('\n')).toContain(message)
  })
})

function dimensions(count: number): string {
  const names = Array.from({ length: count }, (_name, index) => `d${index}`)
  return `products: [{ code: c, dimensions: [${names.join(', ')}] }]`
}

describe('a scenario file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scenario-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  test('may be JSON, indented by tabs', async () => {
    const text = JSON.stringify({ products: [{ code: 'c', dimensions: ['d'] }] }, undefined, '\t')
    const options = await readScenario(write('a.json', text))
    expect(options.products).toMatchObject([{ productCode: 'c' }])
  })

  test('that does not exist or has another extension is named', async () => {
    const missing = join(folder, 'missing.yaml')
    await expect(readScenario(missing)).rejects.toThrow(`The scenario ${missing} has a mistake`)
    await expect(readScenario(write('a.toml', ''))).rejects.toThrow('must end with one of .yaml')
  })
})
