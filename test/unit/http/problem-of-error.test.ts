import { describe, expect, test } from 'vitest'
import { SidecarError } from '../../../src/kernel/errors.ts'
import { problemOfError } from '../../../src/http/listener/problem-of-error.ts'

describe('what was thrown', () => {
  test('as a refusal keeps its code, words and index', () => {
    expect(problemOfError(new SidecarError('InvalidTags', 'Too many.', { index: 3 }))).toEqual({
      type: 'urn:marketplace-sidecar:error:InvalidTags',
      title: 'The tags are not acceptable to AWS',
      status: 400,
      detail: 'Too many.',
      code: 'InvalidTags',
      index: 3,
    })
  })

  test('by the ledger keeps its code, when it is one for the application', () => {
    expect(problemOfError(new SidecarError('LedgerFull', 'No room.'))).toMatchObject({
      status: 507,
      code: 'LedgerFull',
      detail: 'No room.',
    })
    expect(problemOfError(new SidecarError('ListenFailed', 'A secret.'))).toMatchObject({
      status: 500,
      code: 'InternalError',
      detail: expect.not.stringContaining('secret'),
    })
  })

  test.each([
    ['FST_ERR_CTP_BODY_TOO_LARGE', 413, 'BodyTooLarge'],
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 415, 'UnsupportedMediaType'],
    ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 400, 'InvalidRequest'],
    ['FST_ERR_SOMETHING_NEW', 422, 'InvalidRequest'],
    ['FST_ERR_SOMETHING_NEW', 500, 'InternalError'],
  ])('by the framework as %s %d becomes %s', (code, statusCode, expected) => {
    const error = Object.assign(new Error('words'), { code, statusCode })
    expect(problemOfError(error)).toMatchObject({ code: expected })
  })

  test.each([new Error('x'), 'x', null, undefined, 7])('as %s is a defect of ours', (thrown) => {
    expect(problemOfError(thrown)).toMatchObject({ status: 500, code: 'InternalError' })
  })
})
