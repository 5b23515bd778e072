import { describe, expect, test } from 'vitest'
import { HeadRoom } from '../../../src/ledger/page/head-room.ts'
import { microPerUnit } from '../../../src/metering/amount.ts'
import { largestTotal } from '../../../src/metering/quantity.ts'
import { accountFor } from '../../conformance/store/changes-for-tests.ts'

const most = largestTotal * microPerUnit
const account = accountFor('requests')

/** An account that holds `reported`, and how often it was asked. */
function accountWith(reported: bigint) {
  const room = new HeadRoom()
  const book = { reported, asked: 0 }
  const admits = (quantity: bigint) =>
    room.admits(account, quantity, () => {
      book.asked += 1
      return book.reported
    })
  return { room, book, admits }
}

describe('the head room of an account', () => {
  test('is asked for once while the account is far from its limit', () => {
    const { book: asked, admits } = accountWith(0n)
    for (let report = 0; report < 1000; report += 1) expect(admits(microPerUnit)).toBe(true)
    expect(asked.asked).toBe(1)
  })

  test('is exact to the last unit', () => {
    const { book: held, admits } = accountWith(most - 10n)
    for (let unit = 0; unit < 10; unit += 1) {
      expect(admits(1n)).toBe(true)
      held.reported += 1n
    }
    expect(admits(1n)).toBe(false)
    expect(admits(0n)).toBe(true)
  })

  test('refuses what does not fit, and goes on with what does', () => {
    const { admits } = accountWith(most - 10n)
    expect(admits(11n)).toBe(false)
    expect(admits(10n)).toBe(true)
  })

  test('leaves half for what another process may move into the account meanwhile', () => {
    const { book: held, admits } = accountWith(0n)
    expect(admits(1n)).toBe(true)
    held.reported = most / 2n
    expect(admits(most / 2n + 1n)).toBe(false)
  })

  test('is asked for again after usage was moved to the account, and after a rollback', () => {
    const { room, book: asked, admits } = accountWith(0n)
    admits(1n)
    room.forget(account)
    admits(1n)
    room.clear()
    admits(1n)
    expect(asked.asked).toBe(3)
  })
})
