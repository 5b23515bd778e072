import { describe, expect, test } from 'vitest'
import { checkOrigin, createTokenCheck } from '../../../src/http/listener/defences.ts'

describe('the origin of a request', () => {
  test.each(['localhost', 'LocalHost:80', '127.0.0.1', '127.255.0.3:65535', '[::1]', '[::1]:7070'])(
    'may be %s',
    (host) => {
      expect(() => checkOrigin({ host })).not.toThrow()
    },
  )

  test.each([
    undefined,
    '',
    'localhost.',
    'localhost:70700000',
    '127.1',
    '128.0.0.1',
    '127.0.0.1.nip.io',
    'x127.0.0.1',
    '::1',
    '[::ffff:127.0.0.1]',
    'localhost\nexample.com',
    'user@localhost',
  ])('may not be %j', (host) => {
    const headers = host === undefined ? {} : { host }
    expect(() => checkOrigin(headers)).toThrow(expect.objectContaining({ code: 'ForeignHost' }))
  })

  test('is refused for a proxy’s header even when it is empty', () => {
    const headers = { host: 'localhost', 'x-forwarded-for': '' }
    expect(() => checkOrigin(headers)).toThrow(
      expect.objectContaining({ code: 'ForwardedRequest' }),
    )
  })
})

describe('the token', () => {
  const check = createTokenCheck('a-secret-of-some-length', 'SIDECAR_API_TOKEN_FILE')

  test('has to be there, whole and alone', () => {
    for (const authorization of [
      'Bearer a-secret-of-some-length',
      'bearer a-secret-of-some-length',
      'BEARER  a-secret-of-some-length',
    ])
      expect(() => check({ authorization }), authorization).not.toThrow()
    for (const authorization of [
      'Bearer a-secret-of-some-lengt',
      'Bearer A-secret-of-some-length',
      'Bearer a-secret-of-some-length ',
      'Bearer a-secret-of-some-length x',
      'Bearera-secret-of-some-length',
      'Basic a-secret-of-some-length',
      'a-secret-of-some-length',
      'Bearer',
      'Bearer ',
      '',
    ])
      expect(() => check({ authorization }), authorization).toThrow(
        expect.objectContaining({ code: 'Unauthorized' }),
      )
    expect(() => check({})).toThrow(expect.objectContaining({ code: 'Unauthorized' }))
  })

  test('is in no message', () => {
    expect(() => check({})).not.toThrow(/a-secret/)
  })
})
