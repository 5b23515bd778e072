import { chmodSync, chownSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dataDirectoryCheck } from '../../../src/doctor/checks/check-data-directory.ts'
import { dataVolumeCheck } from '../../../src/doctor/checks/check-data-volume.ts'
import { ledgerCheck } from '../../../src/doctor/checks/check-ledger.ts'
import type { Check } from '../../../src/doctor/check.ts'
import { mountOf } from '../../../src/doctor/mount-of.ts'
import { hourMs, hourOf } from '../../../src/metering/hour.ts'
import { findingsOf, outcomesOf } from '../../support/doctor/test-machine.ts'
import {
  hourTaken,
  lost,
  openBook,
  refused,
  report,
  seal,
  send,
} from '../../support/ledger/ledger-book.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { temporaryDirectory } from '../../support/program/program.ts'
import { markImported } from '../../../src/store/sqlite/file/commands/imported.ts'

const check = (which: Check, directory: string, more = {}) =>
  findingsOf(which, { env: { SIDECAR_DATA_DIR: directory }, ...more })

/** Runs as a user for whom permissions count; root may write everywhere. */
async function asOtherUser<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work()
  process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

describe('the check data-directory', () => {
  test('passes a directory that can be written, and leaves nothing in it', async () => {
    const directory = temporaryDirectory()
    const findings = await check(dataDirectoryCheck, directory, { userId: 4711 })
    expect(findings).toMatchObject([
      {
        status: 'pass',
        message: `User 4711 can write to ${directory}, which belongs to user ${process.getuid?.()}.`,
      },
    ])
    expect(readdirSync(directory)).toEqual([])
  })

  test('passes one that the sidecar will create, and does not create it', async () => {
    const parent = temporaryDirectory()
    const findings = await check(dataDirectoryCheck, join(parent, 'a/b'))
    expect(outcomesOf(findings)).toEqual(['pass'])
    expect(findings[0]?.message).toContain(`can create it in ${parent}.`)
    expect(readdirSync(parent)).toEqual([])
  })

  test('fails where this user may not write, with the user in the fix', async () => {
    const directory = temporaryDirectory()
    chmodSync(directory, 0o555)
    const findings = await asOtherUser(() =>
      check(dataDirectoryCheck, directory, { userId: 65_534 }),
    )
    expect(outcomesOf(findings)).toEqual(['NotWritable'])
    expect(findings[0]?.message).toContain('EACCES')
    expect(findings[0]?.fix).toContain(
      `Let user 65534 write to ${directory}: in a pod with fsGroup`,
    )
  })

  test('fails where this user cannot create it', async () => {
    const parent = temporaryDirectory()
    chmodSync(parent, 0o555)
    const findings = await asOtherUser(() => check(dataDirectoryCheck, join(parent, 'data')))
    expect(outcomesOf(findings)).toEqual(['CannotBeMade'])
  })

  test('fails where this user may not even look', async () => {
    const parent = temporaryDirectory()
    chmodSync(parent, 0o000)
    const findings = await asOtherUser(() => check(dataDirectoryCheck, join(parent, 'data')))
    chmodSync(parent, 0o700)
    expect(outcomesOf(findings)).toEqual(['NotWritable'])
    expect(findings[0]?.message).toBe(`${join(parent, 'data')} cannot be reached (EACCES).`)
  })

  test('leaves what is no file to the check of the ledger, which says so', async () => {
    const directory = temporaryDirectory()
    mkdirSync(join(directory, 'ledger.db'))
    expect(outcomesOf(await check(dataDirectoryCheck, directory))).toEqual(['pass'])
    const [finding] = await check(ledgerCheck, directory)
    expect(finding?.message).toMatch(/ledger\.db is not an ordinary file/)
  })

  test('fails when the ledger belongs to another user', async () => {
    const directory = temporaryDirectory()
    chmodSync(directory, 0o777)
    writeFileSync(join(directory, 'ledger.db'), '', { mode: 0o400 })
    if (process.getuid?.() === 0) chownSync(join(directory, 'ledger.db'), 0, 0)
    const findings = await asOtherUser(() => check(dataDirectoryCheck, directory))
    expect(outcomesOf(findings)).toEqual(['ForeignFiles'])
    expect(findings[0]?.fix).toContain(join(directory, 'ledger.db'))
  })

  test.each(['/dev/null', '/dev/null/data'])(
    'fails for %s, which is not a directory',
    async (path) => {
      expect(outcomesOf(await check(dataDirectoryCheck, path))).toEqual(['NotADirectory'])
    },
  )

  test.each(['', 'data'])('fails below a link to what is missing: %j', async (below) => {
    const link = join(temporaryDirectory(), 'link')
    symlinkSync(join(link, '..', 'missing'), link)
    const findings = await check(dataDirectoryCheck, join(link, below))
    expect(outcomesOf(findings)).toEqual(['NotADirectory'])
  })

  test('is skipped when the setting is wrong', async () => {
    expect(outcomesOf(await check(dataDirectoryCheck, 'relative'))).toEqual(['skip'])
  })
})

describe('the check data-volume', () => {
  const mounted = (type: string, at?: string) => {
    const directory = temporaryDirectory()
    const lines = [
      '22 1 0:1 / / rw - ext4 /dev/sda1 rw',
      `30 22 0:2 / ${at ?? directory} rw - ${type} x rw`,
    ]
    return check(dataVolumeCheck, join(directory, 'made-later'), {
      mountInfo: () => lines.join('\n'),
    })
  }

  test.each([
    ['ext4', 'pass'],
    ['xfs', 'pass'],
    ['overlay', 'ContainerLayer'],
    ['tmpfs', 'InMemory'],
    ['nfs4', 'Network'],
    ['fuse.s3fs', 'Network'],
    ['fuse.fuse-overlayfs', 'ContainerLayer'],
  ])('finds on %s: %s', async (type, outcome) => {
    expect(outcomesOf(await mounted(type))).toEqual([outcome])
  })

  test('knows the root of a container', async () => {
    const [finding] = await mounted('overlay', '/')
    expect(finding?.message).toMatch(/^It is on overlay, mounted at \/; \d+ MiB are free\.$/)
  })

  test('says so when the volume is unknown', async () => {
    const [finding] = await check(dataVolumeCheck, temporaryDirectory())
    expect(finding?.message).toMatch(/^It is on an unknown volume; /)
  })

  test('warns of a volume that is nearly full', async () => {
    // A file system without any blocks.
    expect(outcomesOf(await check(dataVolumeCheck, '/proc/self'))).toEqual(['LittleSpace'])
  })
})

describe('the mount of a path', () => {
  const text = [
    '21 1 0:20 / / rw,relatime - overlay overlay rw',
    '22 21 0:21 / /data rw shared:1 master:2 - ext4 /dev/sdb rw',
    '23 21 0:22 / /data\\040two rw - xfs /dev/sdc rw',
    '24 22 0:23 / /data rw - tmpfs tmpfs rw',
    '',
  ].join('\n')

  test.each([
    ['/data/ledger', '/data', 'tmpfs'],
    ['/data', '/data', 'tmpfs'],
    ['/data two/x', '/data two', 'xfs'],
    ['/database', '/', 'overlay'],
  ])('of %s is %s', (path, point, type) => {
    expect(mountOf(path, text)).toEqual({ point, type })
  })

  test('is unknown without any', () => {
    expect(mountOf('/data', '')).toBeUndefined()
  })
})

describe('the check ledger', () => {
  test('passes where there is none', async () => {
    const findings = await check(ledgerCheck, temporaryDirectory())
    expect(findings[0]).toMatchObject({
      status: 'pass',
      message: expect.stringMatching(/none yet/),
    })
  })

  test('reads it while a sidecar has it open, and does not disturb that', async () => {
    const directory = temporaryDirectory()
    const book = await openBook(directory, new ManualClock())
    await report(book, 'requests', 5)
    const [finding] = await check(ledgerCheck, directory)
    expect(finding).toMatchObject({ status: 'pass' })
    expect(finding?.message).toMatch(/^Every unit is in its place\. It belongs to /)
    await report(book, 'requests', 2)
    expect(await book.audit()).toMatchObject([{ reported: 7_000_000n, imbalance: 0n }])
    await book.close()
  })

  test('warns of records that wait for an operator', async () => {
    const directory = temporaryDirectory()
    const clock = new ManualClock()
    const book = await openBook(directory, clock)
    for (const dimension of ['a', 'b', 'c']) await report(book, dimension, 5)
    await clock.advance(hourMs)
    const [a, b] = await seal(book, hourOf(clock.now()), clock.now())
    await send(book, a?.id ?? 0, lost, hourTaken)
    await send(book, b?.id ?? 0, refused)
    const findings = await check(ledgerCheck, directory, { clock })
    expect(outcomesOf(findings)).toEqual(['pass', 'Unresolved', 'Refused'])
    expect(findings[1]?.message).toBe('A record waits for a decision.')
    await book.close()
  })

  test('fails where a start refuses the book: imported elsewhere, or of another kind of product', async () => {
    const directory = temporaryDirectory()
    const book = await openBook(directory, new ManualClock())
    await report(book, 'requests', 5)
    await book.close()
    const ofCustomers = JSON.stringify({
      productCode: 'code-1',
      route: 'saas',
      region: 'eu-west-1',
      customerIds: 'account',
      dimensions: ['requests'],
    })
    const saas = { reader: { readText: () => ofCustomers } }
    const other = await check(ledgerCheck, directory, saas)
    expect(outcomesOf(other)).toEqual(['OfAnother', 'pass'])
    expect(other[0]?.message).toMatch(/ belongs to .* and this is saas:code-1:eu-west-1, so /)
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(join(directory, 'ledger.db'))
    markImported(database, 'db.example/book')
    database.close()
    const imported = await check(ledgerCheck, directory)
    expect(outcomesOf(imported)).toEqual(['Imported', 'pass'])
    expect(imported[0]?.message).toBe('It was imported into the database db.example/book.')
  })

  test('warns of usage that is held', async () => {
    const directory = temporaryDirectory()
    const clock = new ManualClock()
    const book = await openBook(directory, clock, undefined, undefined, () => 1_000_000n)
    await report(book, 'requests', 5)
    await clock.advance(hourMs)
    await seal(book, hourOf(clock.now()), clock.now())
    const findings = await check(ledgerCheck, directory, { clock })
    expect(outcomesOf(findings)).toEqual(['pass', 'Held'])
    expect(findings[1]?.message).toBe('Usage of an hour is held.')
    await book.close()
  })

  test('fails when units are missing', async () => {
    const directory = temporaryDirectory()
    const book = await openBook(directory, new ManualClock())
    await report(book, 'requests', 5)
    await book.close()
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(join(directory, 'ledger.db'))
    database.exec('DELETE FROM open')
    database.close()
    expect(outcomesOf(await check(ledgerCheck, directory))).toEqual(['Imbalanced'])
  })

  test('fails when the file is damaged, and leaves it as it is', async () => {
    const directory = temporaryDirectory()
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'ledger.db'), 'x'.repeat(5000))
    const findings = await check(ledgerCheck, directory)
    expect(outcomesOf(findings)).toEqual(['Unusable'])
    expect(findings[0]?.message).toMatch(/^LedgerDamaged: /)
    expect(readdirSync(directory)).toEqual(['ledger.db'])
  })
})
