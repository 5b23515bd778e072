import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { schemaVersionOf } from '../migrations/migrate.ts'
import { codeOf, sqliteCorrupt, sqliteNotADatabase } from './storage-errors.ts'

/** A check of more than this is worth a thread, which takes 20 ms to start: from a cold disk come 70 MB a second. */
const largeBytes = 4 * 1024 * 1024

const checkSql = 'PRAGMA quick_check(1)'

/** As text, because neither a bundle nor a single executable has a file to load. */
const checkInThread = `
const { parentPort, workerData } = require('node:worker_threads')
const { DatabaseSync } = require('node:sqlite')
const { path, sql, timeout } = workerData
try {
  const database = new DatabaseSync(path, { readOnly: true, timeout })
  const { quick_check: check } = database.prepare(sql).get()
  database.close()
  parentPort.postMessage({ check })
} catch ({ message, errcode }) {
  parentPort.postMessage({ message, errcode })
}`

class DamagedFile extends Error {}

interface OwnFile {
  readonly database: DatabaseSync
  readonly path: string
  /** Whether no other connection can have the file open. */
  readonly isAlone: boolean
  readonly busyTimeoutMs: number
}

/**
 * Rejects with an error that `isDamage` when the pages of an open file do not fit together. A large file is read
 * on a thread, so that the sidecar answers meanwhile.
 */
export async function refuseDamage({
  database,
  path,
  isAlone,
  busyTimeoutMs,
}: OwnFile): Promise<void> {
  const check =
    isAlone || statSync(path).size < largeBytes
      ? database.prepare(checkSql).get()?.['quick_check']
      : await checkApart({ path, sql: checkSql, timeout: busyTimeoutMs })
  const damage = damageOf(database, check)
  if (damage !== undefined) throw new DamagedFile(damage)
}

/**
 * What is wrong with an open file by the outcome of its check; undefined for a sound one. A recovery that
 * broke off leaves a file whose pages fit together, with a version and without a table.
 */
export function damageOf(database: DatabaseSync, check: unknown): string | undefined {
  if (check !== 'ok') return String(check)
  const tables = `SELECT 1 FROM sqlite_schema WHERE type = 'table' LIMIT 1`
  const isBare = schemaVersionOf(database) > 0 && database.prepare(tables).get() === undefined
  return isBare ? 'the file has no tables' : undefined
}

export function isDamage(error: unknown): boolean {
  if (error instanceof DamagedFile) return true
  const code = codeOf(error)
  return code === sqliteCorrupt || code === sqliteNotADatabase
}

interface CheckAnswer {
  readonly check?: unknown
  readonly message?: string
  /** SQLite's. */
  readonly errcode?: number
}

/** Resolves when the thread has ended, and with it its connection. */
async function checkApart(workerData: object): Promise<unknown> {
  const worker = new Worker(checkInThread, { eval: true, workerData, execArgv: [] })
  const { check, message, errcode } = await new Promise<CheckAnswer>((resolve, reject) => {
    // A thread that ends without an answer has found nothing: the file is not set aside for that.
    let answer: CheckAnswer = { message: 'the thread that checks the file ended without an answer' }
    worker.on('message', (given: CheckAnswer) => (answer = given))
    worker.on('error', reject)
    worker.on('exit', () => resolve(answer))
  })
  if (message !== undefined) throw Object.assign(new Error(message), { errcode })
  return check
}
