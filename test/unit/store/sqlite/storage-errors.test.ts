import { describe, expect, test } from 'vitest'
import { SidecarError } from '../../../../src/kernel/errors.ts'
import {
  codeOf,
  codeOfSystem,
  notFlushed,
  translate,
  translateOpening,
} from '../../../../src/store/sqlite/file/storage-errors.ts'
import { refusal } from '../../../support/refusal.ts'

const sqlite = (errcode: number) => Object.assign(new Error('what it says'), { errcode })
const system = (code: string) => Object.assign(new Error('what it says'), { code })

describe('what SQLite says', () => {
  test('of a lock passes, and the same request may be sent again', () => {
    const error = sqlite(5)
    expect(translate(error)).toMatchObject(
      refusal('LedgerBusy', { cause: error, retryAfterSeconds: 1 }),
    )
    expect(translate(sqlite(5))).toBeInstanceOf(SidecarError)
  })

  test.each([
    [13, 'LedgerFull'],
    [10, 'LedgerNotWritable'],
    [8, 'LedgerNotWritable'],
    [10 + 3 * 256, 'LedgerNotWritable'],
  ] as const)('of the disk with %i is %s', (code, expected) => {
    const error = sqlite(code)
    expect(translate(error)).toMatchObject(refusal(expected, { cause: error }))
    expect(translate(error)).toMatchObject({ message: expect.stringContaining('(what it says)') })
  })

  test.each([sqlite(1), sqlite(19), system('EIO'), 'no error at all'])(
    'of anything else, and what others say, stays as it is: %s',
    (error) => {
      expect(translate(error)).toBe(error)
    },
  )

  test('has a primary code, and what others say has none', () => {
    expect([codeOf(sqlite(5 + 256)), codeOf(system('EIO')), codeOf({ errcode: 5 })]).toEqual([
      5,
      undefined,
      undefined,
    ])
    expect([
      codeOfSystem(system('EIO')),
      codeOfSystem(sqlite(5)),
      codeOfSystem({ code: 1 }),
    ]).toEqual(['EIO', undefined, undefined])
  })
})

describe('a file that cannot be opened', () => {
  test.each(['ENOSPC', 'EDQUOT', 'EFBIG'])('for want of room is no broken file: %s', (code) => {
    const error = system(code)
    expect(translateOpening(error, '/data/ledger.db')).toMatchObject(
      refusal('LedgerFull', { cause: error }),
    )
  })

  const codes = ['EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ELOOP', 'ENXIO']
  test.each([sqlite(14), ...codes.map(system)])('is named: %s', (error) => {
    const translated = translateOpening(error, '/data/ledger.db')
    expect(translated).toMatchObject(refusal('DataDirectoryUnusable', { cause: error }))
    expect(translated).toMatchObject({
      message: expect.stringMatching(
        /^The ledger \/data\/ledger\.db could .*\(what it says\)\. Check/,
      ),
    })
  })

  test('for another reason is what SQLite says of it', () => {
    expect(translateOpening(sqlite(13), '/data/ledger.db')).toMatchObject({ code: 'LedgerFull' })
    // No volume is there that could be full.
    expect(translateOpening(sqlite(10), '/data/ledger.db')).toMatchObject({
      code: 'LedgerNotWritable',
    })
    const other = system('ENOENT')
    expect(translateOpening(other, '/data/ledger.db')).toBe(other)
  })
})

test('a flush that fails names the file and the volume', () => {
  const cause = system('EIO')
  expect(notFlushed('/data/ledger.db', cause)).toMatchObject({
    code: 'LedgerFailed',
    message:
      'The ledger /data/ledger.db could not be flushed to disk (what it says). Check the volume under the data directory.',
    cause,
  })
})
