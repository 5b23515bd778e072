import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { describeSettings } from '../../../src/config/settings/describe-settings.ts'
import { loadSettings } from '../../../src/config/load-settings.ts'
import type { TextReader } from '../../../src/kernel/text/read-text.ts'
import type { Environment } from '../../../src/config/settings.ts'
import type { Setting } from '../../../src/config/settings/setting.ts'
import { longestSealDelay } from '../../../src/config/settings/setting.ts'
import { settingsTable } from '../../../src/config/settings/settings-table.ts'
import { SidecarError } from '../../../src/kernel/errors.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 1024,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const baked = '/etc/marketplace-sidecar/product.json'
const metered: Environment = {
  SIDECAR_PRODUCT_CODE: 'code-1',
  SIDECAR_ROUTE: 'metered',
  SIDECAR_DIMENSIONS: 'requests,storage/1073741824',
}
const productFile = JSON.stringify({
  productCode: 'code-1',
  trustedProductCodes: ['code-2'],
  publicKeys: { 1: publicKey },
  route: 'both',
  dimensions: ['requests', { name: 'storage', unit: 'bytes', divisor: '1024' }],
})

function filesOf(files: Readonly<Record<string, string>>): TextReader {
  return { readText: (path) => files[path] }
}

function load(env: Environment, files: Readonly<Record<string, string>> = {}) {
  return loadSettings(env, filesOf(files))
}

/** The lines about mistakes that loading gives. */
function mistakes(env: Environment, files: Readonly<Record<string, string>> = {}): string[] {
  try {
    load(env, files)
  } catch (error) {
    if (!(error instanceof SidecarError) || error.code !== 'InvalidSettings') throw error
    return error.message.split('\n').slice(1)
  }
  return []
}

describe('settings that are right', () => {
  test('a setting with a default need not be set', () => {
    const settings = load(metered)
    expect(settings).toMatchObject({
      listen: { host: '127.0.0.1', port: 7070 },
      opsListen: { host: '0.0.0.0', port: 9464 },
      dataDir: '/var/lib/marketplace-sidecar',
      awsEndpoint: undefined,
      region: undefined,
      awsTimeoutMs: 10_000,
      failMode: 'closed',
      graceMs: 7_200_000,
      sealDelayMs: 60_000,
      submitSpreadMs: 300_000,
      lateUsage: 'carry',
      zeroRecords: false,
      flushOnShutdown: true,
      drainQuietMs: 3000,
      drainDelayMs: 10_000,
      shutdownTimeoutMs: 25_000,
      apiToken: undefined,
      bodyLimitBytes: 1_048_576,
      maxConnections: 1024,
      requestTimeoutMs: 15_000,
      maxTagSets: 2500,
      logLevel: 'info',
      embeddedMetrics: false,
    })
    expect(settings.product).toEqual({
      productCode: 'code-1',
      route: 'metered',
      publicKeys: new Map(),
      dimensions: [
        { name: 'requests', unit: undefined, divisor: 1n },
        { name: 'storage', unit: undefined, divisor: 1_073_741_824n },
      ],
    })
  })

  test('every row that names a member gives it, and the names of members carry the unit', () => {
    const settings = load(metered)
    const endings = { s: /Ms$/, ms: /Ms$/, bytes: /Bytes$/, '': /[a-z]$/ }
    const rows: readonly Setting[] = settingsTable
    const named = rows.flatMap(({ member, type }) => (member ? [{ member, type }] : []))
    for (const { member, type } of named) {
      expect(settings).toHaveProperty(member)
      expect(member).toMatch(endings[type.kind === 'integer' ? type.unit : ''])
    }
    expect(new Set(named.map(({ member }) => member)).size).toBe(named.length)
  })

  test('the result is deeply frozen', () => {
    const settings = load(metered)
    for (const part of [settings, settings.listen, settings.product, settings.product.dimensions]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
    expect(Object.isFrozen(settings.product.dimensions[0])).toBe(true)
  })

  test.each([
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['127.8.0.1:1', '127.8.0.1', 1],
    ['localhost:65535', 'localhost', 65_535],
    ['[::1]:7070', '::1', 7070],
    ['[0:0:0:0:0:0:0:1]:7070', '::1', 7070],
  ])('the application listener accepts %s', (text, host, port) => {
    expect(load({ ...metered, SIDECAR_LISTEN: text }).listen).toEqual({ host, port })
  })

  test('an endpoint loses its trailing slash', () => {
    const settings = load({ ...metered, SIDECAR_AWS_ENDPOINT: 'http://127.0.0.1:4000/' })
    expect(settings.awsEndpoint).toBe('http://127.0.0.1:4000')
  })

  test('the bearer token is read from its file, without the line break at its end', () => {
    const env = { ...metered, SIDECAR_API_TOKEN_FILE: '/run/token' }
    expect(load(env, { '/run/token': `${'t'.repeat(32)}\n` }).apiToken).toBe('t'.repeat(32))
  })

  test('a public key from the environment has the version that was set', () => {
    const env = {
      SIDECAR_PRODUCT_CODE: 'code-1',
      SIDECAR_ROUTE: 'hourly',
      SIDECAR_PUBLIC_KEY_FILE: '/key.pem',
      SIDECAR_PUBLIC_KEY_VERSION: '3',
    }
    expect([...load(env, { '/key.pem': publicKey }).product.publicKeys]).toEqual([[3, publicKey]])
  })

  test('variables that Kubernetes sets for a Service named sidecar are ignored', () => {
    const env = {
      ...metered,
      SIDECAR_SERVICE_HOST: '10.0.0.1',
      SIDECAR_SERVICE_PORT: '80',
      SIDECAR_SERVICE_PORT_HTTP: '80',
      SIDECAR_PORT: 'tcp://10.0.0.1:80',
      SIDECAR_PORT_80_TCP: 'tcp://10.0.0.1:80',
      SIDECAR_PORT_80_TCP_ADDR: '10.0.0.1',
    }
    expect(mistakes(env)).toEqual([])
  })

  test('variables without the prefix are ignored', () => {
    expect(mistakes({ ...metered, AWS_REGION: 'x', PATH: '', SIDECARS: '1' })).toEqual([])
  })
})

describe('settings that are wrong', () => {
  test('one message lists every mistake', () => {
    const lines = mistakes({
      SIDECAR_LISTEN: '0.0.0.0:7070',
      SIDECAR_AWS_TIMEOUT_MS: '10s',
      SIDECAR_ZERO_RECORDS: 'yes',
      SIDECAR_SEAL_DELAY_SECOND: '5',
      SIDECAR_ROUTE: 'both',
    })
    expect(lines).toHaveLength(7)
    expect(lines.join('\n')).toBe(
      [
        '- SIDECAR_SEAL_DELAY_SECOND: there is no such setting; did you mean SIDECAR_SEAL_DELAY_SECONDS?',
        '- SIDECAR_LISTEN: "0.0.0.0:7070" is not allowed; give host:port with 127.0.0.1, another 127.x.x.x, [::1] or localhost, or remove it for the default 127.0.0.1:7070',
        '- SIDECAR_AWS_TIMEOUT_MS: "10s" is not allowed; give 100 to 60000 ms, or remove it for the default 10000',
        '- SIDECAR_ZERO_RECORDS: "yes" is not allowed; give true or false, or remove it for the default false',
        '- SIDECAR_PRODUCT_CODE: missing, and there is no product file; set it, or SIDECAR_PRODUCT_FILE',
        "- SIDECAR_PUBLIC_KEY_FILE: missing; the route both needs the product's public key",
        '- SIDECAR_DIMENSIONS: missing; the route both needs at least one dimension',
      ].join('\n'),
    )
  })

  test.each(settingsTable.filter((row) => row.type.kind === 'integer'))(
    '$name is held to its range at both ends',
    (row) => {
      if (row.type.kind !== 'integer') return
      const { min, max } = row.type
      const others = {
        ...metered,
        SIDECAR_DRAIN_DELAY_MS: '0',
        SIDECAR_SHUTDOWN_TIMEOUT_MS: '110000',
      }
      for (const wrong of [min - 1, max + 1, `${min}.0`, ` ${min}`, `0${max}`, '1e3', '0x10']) {
        const lines = mistakes({ ...others, [row.name]: String(wrong) })
        expect(lines).toHaveLength(1)
        expect(lines[0]).toContain(`${min} to ${max}`)
      }
      // Longer ones are for products with customers, which the environment does not describe.
      const most = row.name === 'SIDECAR_SEAL_DELAY_SECONDS' ? longestSealDelay : max
      for (const right of [min, most]) {
        expect(mistakes({ ...others, [row.name]: String(right) })).toEqual([])
      }
    },
  )

  test.each([
    ['SIDECAR_LISTEN', '10.0.0.1:7070'],
    ['SIDECAR_LISTEN', '[::]:7070'],
    ['SIDECAR_LISTEN', 'localhost.evil.example:7070'],
    ['SIDECAR_LISTEN', '127.0.0.1'],
    ['SIDECAR_LISTEN', ':7070'],
    ['SIDECAR_LISTEN', '127.0.0.1:65536'],
    ['SIDECAR_OPS_LISTEN', 'pod.example:9464'],
    ['SIDECAR_OPS_LISTEN', '::9464'],
    ['SIDECAR_DATA_DIR', 'data'],
    ['SIDECAR_REGION', 'us-east-1a'],
    ['SIDECAR_REGION', 'N. Virginia'],
    ['SIDECAR_AWS_ENDPOINT', 'metering.marketplace.us-east-1.amazonaws.com'],
    ['SIDECAR_AWS_ENDPOINT', 'ftp://a.example'],
    ['SIDECAR_AWS_ENDPOINT', 'https://a.example/?x=1'],
    ['SIDECAR_AWS_ENDPOINT', 'https://'],
    ['SIDECAR_LATE_USAGE', 'drop'],
    ['SIDECAR_LOG_LEVEL', 'INFO'],
    ['SIDECAR_FLUSH_ON_SHUTDOWN', 'True'],
    ['SIDECAR_EMBEDDED_METRICS', '1'],
    ['SIDECAR_PRODUCT_CODE', 'with space'],
    ['SIDECAR_PRODUCT_CODE', 'a'.repeat(256)],
    ['SIDECAR_ROUTE', 'HOURLY'],
  ])('%s does not accept %s', (name, value) => {
    const lines = mistakes({ ...metered, [name]: value })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(new RegExp(`^- ${name}: "`))
  })

  test.each(settingsTable.map((row) => row.name))('%s may not be set and empty', (name) => {
    expect(mistakes({ ...metered, [name]: '' }).join('\n')).toContain(
      `${name}: it is set but empty`,
    )
  })

  test('a value cannot split a message into several lines', () => {
    expect(mistakes({ ...metered, SIDECAR_REGION: 'a\n- b' })).toHaveLength(1)
  })

  test.each([
    'https://me:hunter2@a.example',
    'https://me:a/hunter2@a.example',
    'https://me:@hunter2@a.example',
  ])('a password in an endpoint is refused and not repeated: %s', (endpoint) => {
    const [line] = mistakes({ ...metered, SIDECAR_AWS_ENDPOINT: endpoint })
    expect(line).toContain('SIDECAR_AWS_ENDPOINT')
    expect(line).not.toContain('hunter2')
  })

  test('a token in place of its file is refused and not repeated', () => {
    const [line] = mistakes({ ...metered, SIDECAR_API_TOKEN_FILE: 'hunter2hunter2hunter2' })
    expect(line).toContain('SIDECAR_API_TOKEN_FILE')
    expect(line).not.toContain('hunter2')
  })

  test.each([
    ['short', 'too short'],
    ['empty', ''],
    ['with a blank', `${'t'.repeat(20)} ${'t'.repeat(20)}`],
    ['of several lines', `${'t'.repeat(20)}\n${'t'.repeat(20)}`],
    ['not ASCII', 'ü'.repeat(20)],
  ])('a bearer token that is %s is refused and not repeated', (_, token) => {
    const env = { ...metered, SIDECAR_API_TOKEN_FILE: '/run/token' }
    const lines = mistakes(env, { '/run/token': token })
    expect(lines).toHaveLength(1)
    expect(lines[0]?.includes(token || 'no token')).toBe(false)
  })

  test('the token of operators may not be that of the application, and is not repeated', () => {
    const token = 't'.repeat(32)
    const env = {
      ...metered,
      SIDECAR_API_TOKEN_FILE: '/run/token',
      SIDECAR_OPERATOR_TOKEN_FILE: '/run/operator',
    }
    const [line, ...more] = mistakes(env, { '/run/token': token, '/run/operator': `${token}\n` })
    expect(line).toContain('SIDECAR_OPERATOR_TOKEN_FILE: it holds the same token')
    expect(line).not.toContain(token)
    expect(more).toEqual([])
    const other = { '/run/token': token, '/run/operator': 'o'.repeat(32) }
    expect(load(env, other).operatorToken).toBe('o'.repeat(32))
  })

  test('files that do not exist are mistakes', () => {
    const lines = mistakes({
      SIDECAR_PRODUCT_CODE: 'code-1',
      SIDECAR_ROUTE: 'hourly',
      SIDECAR_PUBLIC_KEY_FILE: '/no/key.pem',
      SIDECAR_API_TOKEN_FILE: '/no/token',
    })
    expect(lines).toEqual([
      '- SIDECAR_PUBLIC_KEY_FILE: there is no file "/no/key.pem"; mount it, or correct the path',
      '- SIDECAR_API_TOKEN_FILE: there is no file "/no/token"; mount it, or correct the path',
    ])
  })

  test('a private key where the public one belongs is refused and not repeated', () => {
    const env = {
      SIDECAR_PRODUCT_CODE: 'code-1',
      SIDECAR_ROUTE: 'hourly',
      SIDECAR_PUBLIC_KEY_FILE: '/key.pem',
    }
    const lines = mistakes(env, { '/key.pem': privateKey })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('private key')
    expect(lines[0]).not.toContain(privateKey.split('\n')[1])
  })

  test('the shutdown timeout may equal the drain delay but not be less', () => {
    const env = { ...metered, SIDECAR_DRAIN_DELAY_MS: '20000' }
    expect(mistakes({ ...env, SIDECAR_SHUTDOWN_TIMEOUT_MS: '20000' })).toEqual([])
    expect(mistakes({ ...env, SIDECAR_SHUTDOWN_TIMEOUT_MS: '19999' })).toHaveLength(1)
  })

  test('the shutdown timeout is not compared with a drain delay that is wrong', () => {
    const env = { SIDECAR_DRAIN_DELAY_MS: 'x', SIDECAR_SHUTDOWN_TIMEOUT_MS: '1000' }
    expect(mistakes({ ...metered, ...env })).toHaveLength(1)
  })

  test('the fail mode open needs time to be open in', () => {
    const open = { ...metered, SIDECAR_FAIL_MODE: 'open' }
    expect(load(open)).toMatchObject({ failMode: 'open', graceMs: 7_200_000 })
    expect(mistakes({ ...open, SIDECAR_GRACE_SECONDS: '0' })).toEqual([
      expect.stringMatching(
        /^- SIDECAR_GRACE_SECONDS: 0 leaves SIDECAR_FAIL_MODE=open without effect/,
      ),
    ])
    expect(mistakes({ ...metered, SIDECAR_GRACE_SECONDS: '0' })).toEqual([])
    expect(mistakes({ ...open, SIDECAR_GRACE_SECONDS: '604801' })).toHaveLength(1)
  })

  test('the two listeners need two ports, unless the system chooses them', () => {
    expect(mistakes({ ...metered, SIDECAR_OPS_LISTEN: '0.0.0.0:7070' })).toHaveLength(1)
    const free = { SIDECAR_LISTEN: '127.0.0.1:0', SIDECAR_OPS_LISTEN: '127.0.0.1:0' }
    expect(mistakes({ ...metered, ...free })).toEqual([])
  })

  test.each(['http://127.0.0.1:7070', 'http://localhost:7070/', 'http://[::1]:7070'])(
    'the sidecar may not be pointed at itself by %s',
    (endpoint) => {
      expect(mistakes({ ...metered, SIDECAR_AWS_ENDPOINT: endpoint })).toHaveLength(1)
    },
  )

  test('an unknown name that resembles no setting gets no suggestion', () => {
    expect(mistakes({ ...metered, SIDECAR_SOMETHING_QUITE_DIFFERENT: '1' })).toEqual([
      '- SIDECAR_SOMETHING_QUITE_DIFFERENT: there is no such setting; remove it',
    ])
  })

  test('a name in lower case is a mistake, because it would be ignored', () => {
    expect(mistakes({ ...metered, sidecar_region: 'us-east-1' })).toEqual([
      '- sidecar_region: there is no such setting; did you mean SIDECAR_REGION?',
    ])
  })

  test('a lone variable that only looks like a service link is a mistake', () => {
    expect(mistakes({ ...metered, SIDECAR_PORT: '7070' })).toHaveLength(1)
  })

  test.each([
    ['a,,b', 1],
    ['a,a', 1],
    ['a/0', 1],
    ['a/x,b/', 2],
    ['a/10000000000000000', 1],
    [Array.from({ length: 25 }, (_, index) => `d${index}`).join(','), 1],
  ])('the dimensions %s are refused', (list, count) => {
    expect(mistakes({ ...metered, SIDECAR_DIMENSIONS: list })).toHaveLength(count)
  })

  test('the last slash of a dimension separates the name from the divisor', () => {
    const { product } = load({ ...metered, SIDECAR_DIMENSIONS: 'bytes/in/1000000000000000, b' })
    expect(product.dimensions).toMatchObject([
      { name: 'bytes/in', divisor: 10n ** 15n },
      { name: 'b', divisor: 1n },
    ])
  })
})

describe('with a product file', () => {
  test('the baked file decides the product', () => {
    const settings = load({}, { [baked]: productFile })
    expect(settings.productFile).toBe(baked)
    expect(settings.product).toEqual({
      productCode: 'code-1',
      route: 'both',
      publicKeys: new Map([[1, publicKey]]),
      dimensions: [
        { name: 'requests', unit: undefined, divisor: 1n },
        { name: 'storage', unit: 'bytes', divisor: 1024n },
      ],
    })
  })

  test.each(['code-1', 'code-2'])('the environment may choose the trusted code %s', (code) => {
    const settings = load({ SIDECAR_PRODUCT_CODE: code }, { [baked]: productFile })
    expect(settings.product.productCode).toBe(code)
  })

  test('a code that the file does not trust is refused', () => {
    const lines = mistakes({ SIDECAR_PRODUCT_CODE: 'code-free' }, { [baked]: productFile })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('"code-free" is not one that')
  })

  test('the environment cannot change the identity that was baked in', () => {
    const lines = mistakes(
      {
        SIDECAR_PRODUCT_FILE: '/mine.json',
        SIDECAR_ROUTE: 'metered',
        SIDECAR_PUBLIC_KEY_FILE: '/mine.pem',
        SIDECAR_PUBLIC_KEY_VERSION: '2',
        SIDECAR_DIMENSIONS: 'free',
      },
      { [baked]: productFile, '/mine.json': '{}', '/mine.pem': publicKey },
    )
    expect(lines).toHaveLength(5)
    for (const line of lines) expect(line).toContain('decides this; remove the setting')
  })

  test('a baked file that cannot be read stops the start and is never ignored', () => {
    const reader: TextReader = {
      readText(path) {
        if (path === baked) throw new Error('EACCES: permission denied')
        return undefined
      },
    }
    expect(() => loadSettings(metered, reader)).toThrow(/can't be read: EACCES/)
  })

  test('without a baked file a setting names one', () => {
    const env = { SIDECAR_PRODUCT_FILE: '/p.json', SIDECAR_PRODUCT_CODE: 'code-2' }
    const settings = load(env, { '/p.json': productFile })
    expect(settings.product.productCode).toBe('code-2')
    expect(mistakes({ ...env, SIDECAR_ROUTE: 'both' }, { '/p.json': productFile })).toHaveLength(1)
  })

  test('mistakes of the file and of the environment come in one message', () => {
    const lines = mistakes({ SIDECAR_LATE_USAGE: 'x' }, { [baked]: '{"route":"metered","x":1}' })
    expect(lines).toEqual([
      expect.stringContaining('- SIDECAR_LATE_USAGE: "x"'),
      `- ${baked}: "x": there is no such member; known are $schema, productCode, trustedProductCodes, publicKeys, route, region, customerIds, dimensions, untaggedAs, replaces, settings, operator`,
      `- ${baked}: productCode: missing; give the product code from the Marketplace portal`,
      `- ${baked}: dimensions: missing; the route metered needs at least one dimension`,
    ])
  })

  describe('that fixes settings', () => {
    const fixing = (settings: object) =>
      JSON.stringify({ ...(JSON.parse(productFile) as object), settings })

    test.each([baked, '/p.json'])('their values are those of %s', (file) => {
      const env = file === baked ? {} : { SIDECAR_PRODUCT_FILE: file }
      const text = fixing({ SIDECAR_LATE_USAGE: 'hold', SIDECAR_GRACE_SECONDS: '60' })
      const settings = load(env, { [file]: text })
      expect(settings).toMatchObject({ lateUsage: 'hold', graceMs: 60_000 })
      expect(describeSettings(settings)).toContainEqual({
        name: 'SIDECAR_LATE_USAGE',
        value: 'hold',
        source: file,
      })
    })

    test.each(['carry', 'hold'])('the environment may not give one, not even %s', (text) => {
      const file = fixing({ SIDECAR_LATE_USAGE: 'hold' })
      expect(mistakes({ SIDECAR_LATE_USAGE: text }, { [baked]: file })).toEqual([
        `- SIDECAR_LATE_USAGE: the product file ${baked} decides this; remove the setting`,
      ])
    })

    test('what the file may not say is a mistake of the file', () => {
      const file = fixing({
        SIDECAR_LATE_USAGE: 'x',
        SIDECAR_LATE: 'hold',
        SIDECAR_ROUTE: 'metered',
        SIDECAR_LISTEN: '127.0.0.1:1',
        SIDECAR_REGION: 'us-east-1',
      })
      const lines = mistakes({}, { [baked]: file })
      expect(lines).toEqual([
        `- ${baked}: settings["SIDECAR_LATE_USAGE"]: "x" is not allowed; give carry, hold`,
        expect.stringContaining('settings["SIDECAR_LATE"]: there is no such setting; it can fix '),
        expect.stringContaining(`settings["SIDECAR_ROUTE"]: a product file can't fix it; `),
        expect.stringContaining(`settings["SIDECAR_LISTEN"]: a product file can't fix it; `),
        expect.stringContaining(`settings["SIDECAR_REGION"]: a product file can't fix it; `),
      ])
    })

    test('they have to fit the settings of the environment', () => {
      const file = fixing({ SIDECAR_DRAIN_DELAY_MS: '9000' })
      expect(mistakes({ SIDECAR_SHUTDOWN_TIMEOUT_MS: '1000' }, { [baked]: file })).toHaveLength(1)
    })
  })

  test.each([
    ['a baked file', {}, { [baked]: productFile }, true],
    [
      'a baked file that names an endpoint',
      {},
      {
        [baked]: JSON.stringify({
          ...(JSON.parse(productFile) as object),
          settings: { SIDECAR_AWS_ENDPOINT: 'http://127.0.0.1:4000' },
        }),
      },
      false,
    ],
    ['a mounted file', { SIDECAR_PRODUCT_FILE: '/p.json' }, { '/p.json': productFile }, false],
    ['the environment', metered, {}, false],
  ])('with %s only AWS is called: %j %j %j', (_, env, files, expected) => {
    expect(load(env, files).onlyAwsEndpoints).toBe(expected)
  })

  test('a product file that does not exist is one mistake', () => {
    expect(mistakes({ SIDECAR_PRODUCT_FILE: '/no.json' })).toHaveLength(1)
    expect(mistakes({ SIDECAR_PRODUCT_FILE: 'relative.json' })).toHaveLength(1)
  })
})

describe('described settings', () => {
  test('every setting has a value and a source', () => {
    const lines = describeSettings(load({ ...metered, SIDECAR_AWS_TIMEOUT_MS: '500' }))
    expect(lines.map((line) => line.name)).toEqual(settingsTable.map((row) => row.name))
    expect(lines).toContainEqual({
      name: 'SIDECAR_AWS_TIMEOUT_MS',
      value: '500',
      source: 'environment',
    })
    expect(lines).toContainEqual({ name: 'SIDECAR_REGION', value: '', source: 'not set' })
    expect(lines).toContainEqual({ name: 'SIDECAR_LOG_LEVEL', value: 'info', source: 'default' })
  })

  test('a value that the product file decides has the file as its source', () => {
    const lines = describeSettings(load({}, { [baked]: productFile }))
    expect(lines).toContainEqual({
      name: 'SIDECAR_DIMENSIONS',
      value: 'requests,storage/1024',
      source: baked,
    })
  })

  test('the bearer token is never shown', () => {
    const token = 'a-secret-bearer-token'
    const env = { ...metered, SIDECAR_API_TOKEN_FILE: '/run/token' }
    const printed = JSON.stringify(describeSettings(load(env, { '/run/token': token })))
    expect(printed).not.toContain(token)
    expect(printed).toContain('*** (in /run/token)')
  })
})
