import { expect, test } from 'vitest'
import { bodyMembers } from '../../../src/http/routes/body-members.ts'

const allowed = ['accountId', 'licenseArn']

test.each([
  [{ acountId: '1' }, 'The member "acountId" is unknown; did you mean "accountId"? The body must'],
  [{ accountId: '1', price: 2 }, 'The member "price" is unknown. The body must be an object with'],
  [[], 'The body must be an object with accountId, licenseArn alone.'],
  [null, 'The body must be an object with accountId, licenseArn alone.'],
])('the body %j is refused with what is wrong', (body, words) => {
  expect(() => bodyMembers(body, allowed)).toThrow(
    expect.objectContaining({
      code: 'InvalidRequest',
      message: expect.stringMatching(new RegExp(`^${words.replaceAll('?', '\\?')}`)),
    }),
  )
})

test('a body with some of the members is as it is', () => {
  expect(bodyMembers({ accountId: '1' }, allowed)).toEqual({ accountId: '1' })
})
