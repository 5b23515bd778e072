import { expect, test } from 'vitest'
import { readPage } from '../docs/page.ts'
import {
  bash,
  codeBlocks,
  consoleExamples,
  hasCurl,
  runExamples,
  startDemo,
  withPorts,
} from '../support/program/console-examples.ts'
import { eventually } from '../support/eventually.ts'

const page = readPage('tutorial/getting-started.md')

test.skipIf(!hasCurl)('every example of the page does what it says', async () => {
  const examples = consoleExamples(page)
  expect(examples.length).toBeGreaterThan(6)
  const [snippet = ''] = codeBlocks(page, 'js')
  const { program, addresses } = await startDemo()
  // The page's program reports in the same hour as its commands.
  await bash(`node --input-type=module -e '${withPorts(snippet, addresses).replaceAll("'", '"')}'`)
  await runExamples(examples, addresses)
  await eventually(async () => {
    const { pending } = JSON.parse(await bash(`curl -s ${addresses.app}/v1/usage`)) as {
      pending: unknown[]
    }
    return pending.length === 0
  })
  program.signal('SIGINT')
  expect(await program.ended).toMatchObject({ code: 0 })
})
