import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { parseProductFile, readProductFile } from '../../../src/product/load-product.ts'
import { parsePublicKey } from '../../../src/product/public-key.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
const complete = {
  productCode: 'code-1',
  publicKeys: { '1': pem, '12': pem },
  route: 'both',
  dimensions: [{ name: 'storage', unit: 'bytes', divisor: 1024 }, 'requests'],
}

function parse(document: unknown) {
  const file = parseProductFile(typeof document === 'string' ? document : JSON.stringify(document))
  return file.ok
    ? { product: file.value, mistakes: [] }
    : { product: undefined, mistakes: file.failure }
}

describe('a product file', () => {
  test('that is complete is accepted', () => {
    const { product, mistakes } = parse(complete)
    expect(mistakes).toEqual([])
    expect(product).toMatchObject({ productCode: 'code-1', trustedProductCodes: [], route: 'both' })
    expect([...(product?.publicKeys.keys() ?? [])]).toEqual([1, 12])
    expect(product?.dimensions).toEqual([
      { name: 'storage', unit: 'bytes', divisor: 1024n },
      { name: 'requests', unit: undefined, divisor: 1n },
    ])
  })

  test('may begin with a byte order mark', () => {
    expect(parse(`\uFEFF${JSON.stringify(complete)}`).mistakes).toEqual([])
  })

  test('is refused where a member stands twice, of which one would count for nothing', () => {
    const fixed = (value: string) => `"settings":{"SIDECAR_FAIL_MODE":"${value}"}`
    const text = `{"productCode":"code","route":"metered","dimensions":["a"],${fixed('closed')},${fixed('open')}}`
    expect(parse(text).mistakes).toEqual([
      '"settings" stands twice in one object; join the two, or remove one',
    ])
  })

  test.each(['1024.00000000000000001', '999999999999999.99999'])(
    'is refused for the divisor %s, which JavaScript would round',
    (divisor) => {
      const text = JSON.stringify(complete).replace('1024', divisor)
      expect(parse(text).mistakes).toEqual([
        `the number "${divisor}" can't be read exactly; round it, or write it in quotes`,
      ])
    },
  )

  test.each(['', '{', 'null', '[]', '"x"', '{"a":\n\n1,}'])('that is %j is one mistake', (text) => {
    const { product, mistakes } = parse(text)
    expect(product).toBeUndefined()
    expect(mistakes).toHaveLength(1)
    expect(mistakes[0]).not.toContain('\n')
  })

  test('with several mistakes lists them all, in the order of the members', () => {
    const { mistakes } = parse({
      productCode: 'not allowed!',
      trustedProductCodes: ['ok', 5],
      publicKeys: { '0': pem, '1': 'x' },
      route: 'free',
      dimensions: ['', { name: 'a', divisor: 0, colour: 'red' }, 7],
      extra: true,
    })
    expect(mistakes.map((line) => line.slice(0, line.indexOf(': ')))).toEqual([
      '"extra"',
      'productCode',
      'trustedProductCodes[1]',
      'publicKeys["0"]',
      'publicKeys["1"]',
      'route',
      'dimensions[0]',
      'dimensions[1]."colour"',
      'dimensions[1]',
      'dimensions[2]',
    ])
  })

  test.each([
    ['hourly', { publicKeys: undefined }, ['publicKeys']],
    ['hourly', { publicKeys: {} }, ['publicKeys']],
    ['hourly', { dimensions: undefined }, []],
    ['metered', { publicKeys: undefined }, []],
    ['metered', { dimensions: [] }, ['dimensions']],
    ['both', { publicKeys: undefined, dimensions: undefined }, ['publicKeys', 'dimensions']],
  ])('for the route %s with %j lacks %j', (route, changes, lacking) => {
    const { mistakes } = parse({ ...complete, ...changes, route })
    expect(mistakes.map((line) => line.split(':')[0])).toEqual(lacking)
  })

  test.each([
    [1, 1n],
    ['1', 1n],
    [10 ** 15, 10n ** 15n],
    ['1000000000000000', 10n ** 15n],
  ])('accepts the divisor %j', (divisor, expected) => {
    const { product } = parse({ ...complete, dimensions: [{ name: 'a', divisor }] })
    expect(product?.dimensions[0]?.divisor).toBe(expected)
  })

  test.each([0, -1, 1.5, 10 ** 15 + 1, '1000000000000001', '01', '1e3', '', null, true, [2]])(
    'refuses the divisor %j',
    (divisor) => {
      const { mistakes } = parse({ ...complete, dimensions: [{ name: 'a', divisor }] })
      expect(mistakes).toHaveLength(1)
    },
  )

  test.each(['', ' a', 'a ', 'a\nb', 'a'.repeat(256), null, 5])('refuses the name %j', (name) => {
    expect(parse({ ...complete, dimensions: [{ name }] }).mistakes).toHaveLength(1)
  })

  test('accepts 24 dimensions and no more', () => {
    const dimensions = Array.from({ length: 24 }, (_, index) => `d${index}`)
    expect(parse({ ...complete, dimensions }).mistakes).toEqual([])
    expect(parse({ ...complete, dimensions: [...dimensions, 'd24'] }).mistakes).toHaveLength(1)
  })

  test('refuses a dimension that is listed twice', () => {
    expect(parse({ ...complete, dimensions: ['a', { name: 'a', divisor: 2 }] }).mistakes).toEqual([
      'dimensions[1]: the dimension "a" is listed twice; remove one',
    ])
  })

  test('with members named like built-in properties is read safely', () => {
    const text = JSON.stringify(complete)
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const { mistakes } = parse(`{"${name}":{"route":"hourly"},${text.slice(1)}`)
      expect(mistakes).toHaveLength(1)
      expect(mistakes[0]).toContain(name)
    }
    const file = `"productCode":"a","route":"metered","dimensions":["__proto__","constructor"]}`
    expect(parse(`{"publicKeys":{"__proto__":"x"},${file}`).mistakes).toHaveLength(1)
    const { product } = parse(`{${file}`)
    expect(product?.dimensions.map(({ name }) => name)).toEqual(['__proto__', 'constructor'])
    expect(({} as { route?: unknown }).route).toBeUndefined()
  })

  test('is read from its path, and the mistakes come in the order of the members', () => {
    const reader = { readText: () => '{"route":"metered"}' }
    expect(readProductFile('/p.json', reader)).toEqual({
      ok: false,
      failure: [expect.stringMatching(/^productCode: /), expect.stringMatching(/^dimensions: /)],
    })
    expect(readProductFile('/p.json', { readText: () => JSON.stringify(complete) })).toMatchObject({
      ok: true,
      value: { route: 'both' },
    })
  })
})

describe('a public key', () => {
  test('in the older RSA form is returned in the usual one', () => {
    const older = rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()
    expect(parsePublicKey(older)).toEqual({ ok: true, value: { pem, bits: 2048 } })
  })

  test('with Windows line ends is accepted', () => {
    expect(parsePublicKey(pem.replaceAll('\n', '\r\n'))).toEqual({
      ok: true,
      value: { pem, bits: 2048 },
    })
  })

  test('of another kind is refused', () => {
    const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const other = curve.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(parsePublicKey(other)).toMatchObject({
      ok: false,
      failure: expect.stringContaining('a key of the type ec and must be an RSA key'),
    })
  })

  test('under 1024 bits is refused', () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 768 })
    const text = small.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(parsePublicKey(text)).toMatchObject({
      ok: false,
      failure: expect.stringContaining('768 bits and must have at least 1024'),
    })
  })

  test.each([
    ['empty', ''],
    ['cut off', pem.slice(0, 100)],
    ['without its line breaks', pem.replaceAll('\n', '')],
    ['there twice', pem + pem],
    ['a certificate', pem.replaceAll('PUBLIC KEY', 'CERTIFICATE')],
    ['private', rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
  ])('that is %s is refused', (_, text) => {
    expect(parsePublicKey(text)).toMatchObject({ ok: false })
  })
})

describe('maxPerHour', () => {
  const limitOf = (maxPerHour: unknown) =>
    parse({ ...complete, dimensions: [{ name: 'a', maxPerHour }] })

  test.each([
    [5, 5_000_000n],
    [0.25, 250_000n],
    ['1000000000000000', 10n ** 21n],
  ])('accepts %j, in micro-units', (maxPerHour, expected) => {
    expect(limitOf(maxPerHour).product?.dimensions[0]?.maxPerHour).toBe(expected)
  })

  test.each([[0], [-1], ['1e3'], [0.000_000_1], [2e15], [null]])('refuses %j', (maxPerHour) => {
    expect(limitOf(maxPerHour).mistakes).toEqual([
      expect.stringMatching(/^dimensions\[0\]\.maxPerHour: .*a quantity above 0/),
    ])
  })
})

describe('untaggedAs', () => {
  test('is a tag set of one tag', () => {
    const { product } = parse({ ...complete, untaggedAs: { team: 'none' } })
    expect(product?.untaggedAs).toBe('[["team","none"]]')
  })

  test.each([
    [{}],
    [{ a: 'b', c: 'd' }],
    [{ team: '' }],
    [{ 'a,b': 'c' }],
    [{ a: 'x'.repeat(257) }],
    ['team'],
  ])('refuses %j', (untaggedAs) => {
    expect(parse({ ...complete, untaggedAs }).mistakes).toEqual([
      expect.stringMatching(/^untaggedAs: .*an object with one tag/),
    ])
  })
})

test('replaces and operator list what they name, and nothing else', () => {
  const { product } = parse({
    ...complete,
    replaces: ['oldcode'],
    operator: { allow: ['void'] },
    dimensions: [{ name: 'a', replaces: ['b', 'c'] }],
  })
  expect(product).toMatchObject({
    replaces: ['oldcode'],
    operator: { allow: ['void'] },
    dimensions: [{ name: 'a', replaces: ['b', 'c'] }],
  })
  expect(parse({ ...complete, operator: { allow: ['everything'] } }).mistakes).toHaveLength(1)
  expect(parse({ ...complete, replaces: ['not a code!'] }).mistakes).toHaveLength(1)
})
