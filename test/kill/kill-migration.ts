import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { amounts } from './book.ts'
import type { Chance } from './chance.ts'
import { startEmulatedAws } from './emulated-aws.ts'
import { findFreePort } from './free-port.ts'
import { dataDirectoryOf, SidecarProcess } from './sidecar-process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** A ledger as the first release wrote it. */
const firstRelease = fileURLToPath(
  new URL('../unit/store/fixtures/ledger-schema-1.db', import.meta.url),
)
const afterTheFixture = Date.parse('2026-03-10T11:16:00Z')
const longestStartMs = 30_000
/** A start runs about this many statements until the book is open. */
const statements = 120

/**
 * Kills the sidecar again and again while it brings a ledger of the first release up to date, each time
 * before another statement, and then lets it start: nothing that was reported may be missing or there twice.
 */
export async function runMigrationKills(
  options: { readonly directory: string; readonly kills: number },
  chance: Chance,
): Promise<{
  readonly violations: string[]
  readonly killedBefore: number
  readonly kills: number
}> {
  const directory = join(options.directory, 'migration')
  const data = dataDirectoryOf(directory)
  mkdirSync(data, { recursive: true })
  copyFileSync(firstRelease, join(data, 'ledger.db'))
  const expected = reportedIn(join(data, 'ledger.db'), 'key')
  const aws = await startEmulatedAws(3_600_000, afterTheFixture)
  const process = { directory, port: await findFreePort(), emulatorUrl: aws.url }
  const violations: string[] = []
  let kills = 0
  let killedBefore = 0
  for (let turn = 1; turn <= options.kills; turn += 1) {
    // Each kill begins with the old file again, at times with what a kill has left of it.
    if (chance.happens(0.7)) {
      rmSync(data, { recursive: true, force: true })
      mkdirSync(data, { recursive: true })
      copyFileSync(firstRelease, join(data, 'ledger.db'))
    }
    const sidecar = new SidecarProcess({
      ...process,
      killAtStatement: chance.integer(1, statements),
    })
    await Promise.race([sidecar.ready, pause(longestStartMs)])
    if (sidecar.ended?.signal === 'SIGKILL') kills += 1
    sidecar.kill('SIGKILL')
    await sidecar.exited
    if (versionOf(join(data, 'ledger.db')) === 1) killedBefore += 1
  }
  const last = new SidecarProcess(process)
  await Promise.race([last.ready, pause(longestStartMs)])
  last.kill('SIGKILL')
  await last.exited
  await aws.close()
  const audit = spawnSync(execPath, ['src/main.ts', 'ledger', 'audit', '--data-dir', data], {
    cwd: root,
    encoding: 'utf8',
  })
  if (audit.status !== 0) violations.push(`the audit says: ${audit.stdout}${audit.stderr}`)
  const reported = reportedIn(join(data, 'ledger.db'), 'account')
  for (const [dimension, quantity] of expected)
    if (reported.get(dimension) !== quantity)
      violations.push(
        `${dimension}: ${reported.get(dimension)} micro-units after the upgrade, ${quantity} before`,
      )
  return { violations: violations.map((text) => `migration: ${text}`), killedBefore, kills }
}

function reportedIn(path: string, table: 'key' | 'account'): Map<string, bigint> {
  const database = new DatabaseSync(path)
  try {
    const columns = 'dimension, reported_whole AS whole, reported_micro AS micro'
    return amounts(database, `SELECT ${columns} FROM ${table}`)
  } finally {
    database.close()
  }
}

function versionOf(path: string): number {
  const database = new DatabaseSync(path)
  try {
    return Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  } finally {
    database.close()
  }
}
