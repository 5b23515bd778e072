import { expect, test } from 'vitest'
import { logEventTable } from '../../src/kernel/log.ts'
import { readPage, tableOf } from './page.ts'

const page = readPage('reference/logs.md')
const rows = tableOf(page, 'Event')

test('every event is on the page with its level and its fields, and no other', () => {
  const listed = rows.map(([event = '', level, fields = '']) => [
    event,
    { level, fields: [...fields.matchAll(/`?(\w+)`?/g)].map(([, name]) => name) },
  ])
  const wanted = Object.entries(logEventTable).map(([event, { level, fields }]) => [
    event,
    { level, fields: fields.length === 0 ? ['none'] : fields },
  ])
  expect(listed).toEqual(wanted)
})

test('every event says when it is logged and what to do', () => {
  for (const [event, , , when, remedy] of rows) {
    expect(when, event).toMatch(/\w/)
    expect(remedy, event).toMatch(/\w/)
  }
})

test('the line that is shown has the fields of its event', () => {
  const [, text = ''] = /```json\n(.+)\n```/.exec(page) ?? []
  const line: Record<string, unknown> = JSON.parse(text)
  const { level, fields } = logEventTable['record.accepted']
  expect(line).toMatchObject({ level, event: 'record.accepted' })
  expect(Object.keys(line)).toEqual(['level', 'time', 'event', ...fields, 'msg'])
})
