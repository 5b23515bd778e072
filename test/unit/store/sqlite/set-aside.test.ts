import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { setFilesAside, wasSetAsideInPart } from '../../../../src/store/sqlite/file/set-aside.ts'
import { temporaryDirectory } from '../../../support/ledger/ledger-bench.ts'

const now = Date.parse('2026-03-10T09:15:00Z')
const earlier = 'ledger.db.damaged-2026-03-09T000000000Z'
const kept = 'ledger.db.damaged-2026-03-10T091500000Z'

let directory: string
beforeEach(() => {
  directory = temporaryDirectory()
})

const at = (name: string) => join(directory, name)
const write = (...names: readonly string[]) => {
  for (const name of names) writeFileSync(at(name), name)
}
const setAside = () => setFilesAside(at('ledger.db'), now)

describe('files that are set aside', () => {
  test('keep their content under one new name, and what was set aside before stays', async () => {
    write('ledger.db', 'ledger.db-wal', earlier, `${earlier}-wal`)
    expect(await setAside()).toBe(at(kept))
    expect(readFileSync(at(kept), 'utf8')).toBe('ledger.db')
    expect(readFileSync(at(`${kept}-wal`), 'utf8')).toBe('ledger.db-wal')
    expect(readFileSync(at(`${earlier}-wal`), 'utf8')).toBe(`${earlier}-wal`)
  })

  test('join the main file that a killed start set aside, whose log is not there yet', async () => {
    write('ledger.db-wal', 'ledger.db-shm', earlier, `${earlier}-wal`, kept)
    expect(wasSetAsideInPart(at('ledger.db'))).toBe(true)
    expect(await setAside()).toBe(at(kept))
    expect(readFileSync(at(`${kept}-wal`), 'utf8')).toBe('ledger.db-wal')
    expect(wasSetAsideInPart(at('ledger.db'))).toBe(false)
  })

  test.each(['-wal', '-shm'])(
    'do not join a main file that already has its %s, and replace nothing',
    async (part) => {
      write(`ledger.db${part}`, earlier, `${earlier}${part}`)
      expect(await setAside()).toBe(at(kept))
      expect(readFileSync(at(`${earlier}${part}`), 'utf8')).toBe(`${earlier}${part}`)
      expect(readFileSync(at(`${kept}${part}`), 'utf8')).toBe(`ledger.db${part}`)
    },
  )

  test('that are not there are never said to be those of an earlier time', async () => {
    write(earlier)
    expect(await setAside()).toBe(at(kept))
    expect(existsSync(at(kept))).toBe(false)
  })
})
