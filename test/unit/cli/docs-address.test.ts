import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { docsAddressOf } from '../../../src/cli/docs-address.ts'
import { linkDocs } from '../../../src/kernel/link-docs.ts'
import { root } from '../../support/program/program.ts'

test('a released program names its pages where the source of its version is', () => {
  const homepage = 'https://example.com/seller/marketplace-sidecar'
  const address = docsAddressOf({ version: '1.2.3', homepage })
  expect(linkDocs('See docs/operate/ledger.md.', address)).toBe(
    'See https://example.com/seller/marketplace-sidecar/blob/v1.2.3/docs/operate/ledger.md.',
  )
})

test('a program built from source names the files next to it', () => {
  expect(docsAddressOf({ version: '1.2.3' })).toBeUndefined()
})

test('the workflow of a release writes the address before it builds anything', () => {
  const workflow = readFileSync(join(root, '.github/workflows/release.yml'), 'utf8')
  const at = workflow.indexOf('npm pkg set "homepage=$GITHUB_SERVER_URL/$GITHUB_REPOSITORY"')
  expect(at).toBeGreaterThan(0)
  for (const build of ['npm run build:binary', 'docker buildx build'])
    expect(workflow.indexOf(build)).toBeGreaterThan(at)
})
