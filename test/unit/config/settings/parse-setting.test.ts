import { expect, test } from 'vitest'
import { parseSetting } from '../../../../src/config/settings/parse-setting.ts'

test('a database URL may have the line break of the file that its secret was made from', () => {
  const url = 'postgres://user:password@db:5432/book'
  for (const end of ['', '\n', '\r\n'])
    expect(parseSetting({ kind: 'database-url' }, url + end)).toBe(url)
  expect(parseSetting({ kind: 'database-url' }, `${url}\n${url}`)).toBeUndefined()
})
