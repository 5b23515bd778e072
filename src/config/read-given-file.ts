import { messageOf } from '../kernel/errors.ts'
import { show } from '../kernel/schema/mistakes.ts'
import type { TextReader } from '../kernel/text/read-text.ts'
import { fail, succeed, type Result } from '../kernel/result.ts'
import { isDatabaseUrl } from './settings/parse-setting.ts'

/** Reads the file that the setting `name` has the path of. The failure is a mistake, for people. */
export function readGivenFile(
  name: string,
  path: string,
  reader: TextReader,
): Result<string, string> {
  try {
    const text = reader.readText(path)
    return text === undefined
      ? fail(`${name}: there is no file ${show(path)}; mount it, or correct the path`)
      : succeed(text)
  } catch (error) {
    return fail(`${name}: ${show(path)} can't be read: ${messageOf(error).replace(/\s+/g, ' ')}`)
  }
}

/** The same for a bearer token: 16 to 1024 visible ASCII characters. No message repeats a token. */
export function readToken(name: string, path: string, reader: TextReader): Result<string, string> {
  const file = readGivenFile(name, path, reader)
  if (!file.ok) return file
  const token = file.value.trim()
  return /^[!-~]{16,1024}$/.test(token)
    ? succeed(token)
    : fail(
        `${name}: the token in ${path} is not allowed; give 16 to 1024 visible ASCII characters ` +
          'without blanks, such as the output of: openssl rand -hex 32',
      )
}

/** The same for the URL of a database. No message repeats it, because it holds a password. */
export function readDatabaseUrl(
  name: string,
  path: string,
  reader: TextReader,
): Result<string, string> {
  const file = readGivenFile(name, path, reader)
  if (!file.ok) return file
  const url = file.value.trim()
  return isDatabaseUrl(url)
    ? succeed(url)
    : fail(
        `${name}: ${path} does not hold the URL of a PostgreSQL database; it must have one line such as ` +
          'postgres://user:password@host:5432/database',
      )
}
