import { expect, test } from 'vitest'
import { operate } from '../../../src/ledger/decisions/operate.ts'
import type { Changes } from '../../../src/store/changes.ts'
import type { BookView } from '../../../src/store/view.ts'
import { openPage } from '../../support/ledger/open-page.ts'
import { ModelBook } from '../../support/store/model-book.ts'
import { ModelView } from '../../support/store/model-view.ts'
import { accountFor } from '../../conformance/store/changes-for-tests.ts'

const account = accountFor('requests')

function bookOf(owner: string): ModelBook {
  const book = new ModelBook()
  const page = openPage(book, owner)
  page.takeOwnership(0)
  book.apply(page.changes())
  return book
}

const changing = (book: ModelBook) => (decide: (view: BookView) => Changes) => {
  book.apply(decide(new ModelView(book)))
  return Promise.resolve()
}

test("an operator's action changes the book in the name of its owner, and its result is returned", async () => {
  const book = bookOf('pod:1')
  const result = await operate(changing(book), 2500, (page) => {
    page.count(account, 3n)
    page.add(account, 0, 'a', 3n)
    return page.resource
  })
  expect(result).toBe('pod:1')
  const open = { account, resource: 'pod:1', hour: 0 }
  expect(new ModelView(book).cells(open)).toEqual([{ tags: 'a', quantity: 3n }])
})

test("an operator's action that returns nothing is done all the same", async () => {
  await expect(operate(changing(bookOf('pod:1')), 2500, () => {})).resolves.toBeUndefined()
})

test("an operator's action on a book without an owner is done in nobody's name", async () => {
  expect(await operate(changing(new ModelBook()), 2500, (page) => page.resource)).toBe('')
})

test("an operator's action has the limit of tag sets that the sidecar has", async () => {
  const book = bookOf('pod:1')
  await operate(changing(book), 1, (page) => {
    page.count(account, 3n)
    page.add(account, 0, 'a', 1n)
    page.add(account, 0, 'b', 2n)
  })
  const open = { account, resource: 'pod:1', hour: 0 }
  expect(new ModelView(book).cells(open)).toEqual([
    { tags: '', quantity: 2n },
    { tags: 'a', quantity: 1n },
  ])
})

test('what an action throws reaches the operator, and the book stays as it was', async () => {
  const book = bookOf('pod:1')
  const refused = operate(changing(book), 2500, (page) => {
    page.count(account, 1n)
    page.add(account, 0, 'a', 1n)
    throw new RangeError('no such record')
  })
  await expect(refused).rejects.toThrow(new RangeError('no such record'))
  expect(book.open.size).toBe(0)
})

test('a store that does not run the action is said to be at fault', async () => {
  const done = operate(
    () => Promise.resolve(),
    2500,
    () => 'done',
  )
  await expect(done).rejects.toThrow(new TypeError('the store did not run the action'))
})
