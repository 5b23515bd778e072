import { invalidArguments } from '../command-line.ts'
import { resolve } from 'node:path'
import { fromIso } from '../../kernel/clock.ts'
import { readDatabaseUrl } from '../../config/read-given-file.ts'
import { SettingValues } from '../../config/settings/setting-values.ts'
import { SidecarError } from '../../kernel/errors.ts'
import { fileReader, type TextReader } from '../../kernel/text/read-text.ts'
import type { CliIo } from '../cli-io.ts'

/** What every action takes. */
export const commonOptions = {
  'data-dir': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/** The directory of `--data-dir`, or of the settings. Throws InvalidArguments, InvalidSettings. */
export function dataDirectory(option: string | undefined, env: CliIo['env']): string {
  if (option !== undefined) return resolve(option)
  const mistakes: string[] = []
  const values = new SettingValues(env, (mistake) => mistakes.push(mistake))
  if (!values.areSound('SIDECAR_DATA_DIR'))
    throw new SidecarError(
      'InvalidSettings',
      mistakes.find((mistake) => mistake.startsWith('SIDECAR_DATA_DIR:')) ?? '',
    )
  return values.get('SIDECAR_DATA_DIR')
}

/**
 * The URL of the database that the settings name; undefined where the ledger is in a data directory. Throws
 * InvalidSettings.
 */
export function databaseUrl(
  env: CliIo['env'],
  reader: TextReader = fileReader,
): string | undefined {
  const mistakes: string[] = []
  const values = new SettingValues(env, (mistake) => mistakes.push(mistake))
  const own = mistakes.find((mistake) => mistake.startsWith('SIDECAR_DATABASE_URL'))
  if (own !== undefined) throw new SidecarError('InvalidSettings', own)
  const path = values.get('SIDECAR_DATABASE_URL_FILE')
  if (path === undefined) return values.get('SIDECAR_DATABASE_URL')
  const url = readDatabaseUrl('SIDECAR_DATABASE_URL_FILE', path, reader)
  if (!url.ok) throw new SidecarError('InvalidSettings', url.failure)
  return url.value
}

/** The one id that an action takes. */
export function recordId(action: string, positionals: readonly string[]): number {
  const [text, ...rest] = positionals
  if (text === undefined || rest.length > 0)
    throw invalid(`"ledger ${action}" takes the id of one record, such as "ledger ${action} 12"`)
  if (!/^[1-9]\d{0,14}$/.test(text))
    throw invalid(
      `${JSON.stringify(text)} is not the id of a record; an id is a whole number from 1 on`,
    )
  return Number(text)
}

export function noPositionals(action: string, positionals: readonly string[]): void {
  const [first] = positionals
  if (first !== undefined)
    throw invalid(`"ledger ${action}" takes only options, and not ${JSON.stringify(first)}`)
}

/** The instant that an option names. */
export function instantOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const instant = fromIso(text)
  if (instant === undefined)
    throw invalid(`--${option} must be a time such as 2026-03-10T09:00:00Z, not ${text}`)
  return instant
}

export function invalid(message: string): SidecarError {
  return invalidArguments(`${message}.`, 'ledger')
}
