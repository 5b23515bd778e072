import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SidecarError } from '../../../../src/kernel/errors.ts'
import { changeBook } from '../../../../src/store/sqlite/file/commands/book-file.ts'
import { handOverBook } from '../../../../src/store/sqlite/file/commands/hand-over-book.ts'
import type { WholeBook } from '../../../../src/store/whole-book.ts'
import { openBench, temporaryDirectory, unit } from '../../../support/ledger/ledger-bench.ts'
import { refusal } from '../../../support/refusal.ts'

async function stoppedBook(): Promise<string> {
  const { ledger, report, directory } = await openBench()
  await report('requests', 5n * unit)
  await ledger.close()
  return directory
}

/** A store that notes what it is asked and given. */
function receiverNamed(name: string) {
  const done: [what: string, open: bigint | undefined][] = []
  const note = (what: string) => (book: WholeBook) => {
    done.push([what, book.sums[0]?.open])
    return Promise.resolve()
  }
  return { name, done, check: note('check'), receive: note('receive') }
}

test('a book is checked and then received whole, and goes on nowhere else', async () => {
  const directory = await stoppedBook()
  const receiver = receiverNamed('db/one')
  await handOverBook(directory, receiver)
  expect(receiver.done).toEqual([
    ['check', 5n * unit],
    ['receive', 5n * unit],
  ])
  const imported = { message: expect.stringContaining('into the database db/one') }
  await expect(openBench({ directory })).rejects.toMatchObject(refusal('LedgerImported'))
  await expect(openBench({ directory })).rejects.toMatchObject(imported)
  const changing = changeBook(directory, () => expect.unreachable('the book has gone on'))
  await expect(changing).rejects.toMatchObject(imported)
  const other = receiverNamed('db/two')
  await expect(handOverBook(directory, other)).rejects.toMatchObject(imported)
  expect(other.done).toEqual([])
})

test('a book whose handing over was interrupted is handed over again to the same store', async () => {
  const directory = await stoppedBook()
  const receiver = receiverNamed('db/one')
  const cut = { ...receiver, receive: () => Promise.reject(new Error('the connection is gone')) }
  await expect(handOverBook(directory, cut)).rejects.toThrow('the connection is gone')
  await expect(openBench({ directory })).rejects.toMatchObject(refusal('LedgerImported'))
  await handOverBook(directory, receiver)
  expect(receiver.done.map(([what]) => what)).toEqual(['check', 'receive'])
})

test.each(['LedgerNotImported', 'LedgerImbalanced'] as const)(
  'a book that the store refuses after it was marked goes on where it was (%s)',
  async (code) => {
    const directory = await stoppedBook()
    const receiver = receiverNamed('db/one')
    const cut = { ...receiver, receive: () => Promise.reject(new Error('the connection is gone')) }
    await expect(handOverBook(directory, cut)).rejects.toThrow('the connection is gone')
    const refusing = {
      ...receiver,
      receive: () => Promise.reject(new SidecarError(code, 'Nothing was changed: it is refused.')),
    }
    await expect(handOverBook(directory, refusing)).rejects.toMatchObject(refusal(code))
    const { ledger } = await openBench({ directory })
    expect((await ledger.usage()).open).toMatchObject([{ quantity: 5n * unit }])
  },
)

test('a book that the store cannot receive is not marked, and none is made', async () => {
  const directory = await stoppedBook()
  const refusing = { ...receiverNamed('db'), check: () => Promise.reject(new Error('not empty')) }
  await expect(handOverBook(directory, refusing)).rejects.toThrow('not empty')
  await expect(openBench({ directory })).resolves.toBeDefined()
  const empty = temporaryDirectory()
  await expect(handOverBook(empty, refusing)).rejects.toMatchObject(refusal('LedgerNotFound'))
  expect(existsSync(join(empty, 'ledger.lock'))).toBe(false)
})

test('a book that a sidecar has open stays its own', async () => {
  const { directory, report } = await openBench()
  await report('requests', unit)
  const receiver = receiverNamed('db/one')
  await expect(handOverBook(directory, receiver)).rejects.toMatchObject(refusal('LedgerInUse'))
  expect(receiver.done.map(([what]) => what)).toEqual(['check'])
  expect(await report('requests', unit)).toMatchObject({ result: 'accepted' })
})
