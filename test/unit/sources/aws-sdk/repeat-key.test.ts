import { expect, test } from 'vitest'
import { repeatKeyOf } from '../../../../src/sources/aws-sdk/repeat-key.ts'

const uuid = '11111111-2222-3333-4444-555555555555'

test('a call is known by its token, else by the id that the SDK keeps through all attempts', () => {
  const headers = { 'amz-sdk-invocation-id': uuid }
  expect(repeatKeyOf('token', headers)).toBe('ClientToken token')
  expect(repeatKeyOf(undefined, headers)).toBe(`Invocation ${uuid}`)
  expect(repeatKeyOf(undefined, { 'amz-sdk-invocation-id': 'mine' })).toBeUndefined()
})

test('tokens that differ in half of a character are two in every store', () => {
  const keys = ['\ud800', '\udfff', '\ufffd'].map((token) =>
    Buffer.from(repeatKeyOf(token, {}) ?? ''),
  )
  expect(new Set(keys.map(String)).size).toBe(3)
})
