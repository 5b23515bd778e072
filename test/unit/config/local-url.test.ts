import { expect, test } from 'vitest'
import { addressOf, localUrl } from '../../../src/config/local-url.ts'

test('an address of IPv6 has brackets, as in the settings', () => {
  expect(addressOf({ host: '::1', port: 7070 })).toBe('[::1]:7070')
  expect(addressOf({ host: '127.0.0.1', port: 7070 })).toBe('127.0.0.1:7070')
  expect(localUrl({ host: '::', port: 9464 })).toBe('http://[::1]:9464')
})
