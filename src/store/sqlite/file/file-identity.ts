import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

interface FileIdentity {
  readonly device: string
  readonly inode: string
  readonly bornAt: string
}

/** What the system calls the file at `path`; undefined when there is none. */
export function identityOfFile(path: string): FileIdentity | undefined {
  const file = statSync(path, { bigint: true, throwIfNoEntry: false })
  return file && { device: `${file.dev}`, inode: `${file.ino}`, bornAt: `${file.birthtimeNs}` }
}

/** The owner of the book and the file that it was kept in when it was last opened. */
export function rememberedFile(database: DatabaseSync): {
  readonly owner: string | undefined
  readonly file: FileIdentity | undefined
} {
  // The first schema has no notes.
  if (database.prepare("SELECT name FROM sqlite_schema WHERE name = 'meta'").get() === undefined)
    return { owner: undefined, file: undefined }
  const value = (name: string) => {
    const row = database.prepare('SELECT value FROM meta WHERE name = ?').get(name)
    return row && String(row['value'])
  }
  const file = value('file')
  return {
    owner: value('owner'),
    file: file === undefined ? undefined : (JSON.parse(file) as FileIdentity),
  }
}

export function rememberFile(database: DatabaseSync, file: FileIdentity): void {
  database
    .prepare("INSERT INTO meta VALUES ('file', ?1) ON CONFLICT DO UPDATE SET value = ?1")
    .run(JSON.stringify(file))
}

/** A device alone is not the file: its number changes when the same volume is mounted again. */
export function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return one.inode === other.inode && one.bornAt === other.bornAt
}

/**
 * Has a copy of a book remember itself as the book's file where its original did, before it takes the
 * original's place: a kill right afterwards is then no change of the file.
 */
export function rememberCopy(original: DatabaseSync, path: string, copyPath: string): void {
  const { file } = rememberedFile(original)
  const now = identityOfFile(path)
  const copied = identityOfFile(copyPath)
  if (file === undefined || now === undefined || copied === undefined) return
  if (isSameFile(file, now)) rememberIn(copyPath, copied)
}

/** A backup is never the file that its owner left, not even where it is copied over that one and so keeps its inode. */
export function rememberBackup(copyPath: string): void {
  rememberIn(copyPath, { device: '0', inode: '0', bornAt: '0' })
}

function rememberIn(copyPath: string, file: FileIdentity): void {
  const copy = new DatabaseSync(copyPath)
  try {
    // The caller flushes the whole file.
    copy.exec('PRAGMA synchronous = OFF')
    rememberFile(copy, file)
    copy.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    copy.close()
  }
}
