import { expect, test } from 'vitest'
import { openAll } from '../../../src/kernel/open-all.ts'

test('what was opened before a failure is closed in reverse order', async () => {
  const closed: string[] = []
  const opening = openAll((opened) => {
    opened.defer(() => void closed.push('first'))
    opened.defer(() => void closed.push('second'))
    throw new Error('the third does not open')
  })
  await expect(opening).rejects.toThrow('the third does not open')
  expect(closed).toEqual(['second', 'first'])
})

test('a failure to close does not hide the cause, and the others are closed', async () => {
  const closed: string[] = []
  const opening = openAll((opened) => {
    opened.defer(() => void closed.push('first'))
    opened.defer(() => Promise.reject(new Error('does not close')))
    throw new Error('the cause')
  })
  await expect(opening).rejects.toThrow('the cause')
  expect(closed).toEqual(['first'])
})

test('nothing is closed when everything opens', async () => {
  const closed: string[] = []
  const value = await openAll((opened) => {
    opened.defer(() => void closed.push('first'))
    return 'open'
  })
  expect([value, closed]).toEqual(['open', []])
})
