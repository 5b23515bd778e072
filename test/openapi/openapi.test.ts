import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openApiPaths } from '../../src/http/openapi/openapi-paths.ts'
import { redoclyScript, schemathesisPath } from '../../scripts/tools/openapi-tools.ts'
import { startHarness, type SidecarHarness } from '../support/sidecar/sidecar-harness.ts'

interface Run {
  readonly code: number
  readonly output: string
}

let harness: SidecarHarness
let folder: string
beforeAll(async () => {
  await Promise.all([redoclyScript(), schemathesisPath()])
  folder = mkdtempSync(join(tmpdir(), 'openapi-'))
  harness = await startHarness()
  await harness.entitled()
  // Gives every member of the answers a value.
  await harness.post({ dimension: 'requests', quantity: 2.5, tags: { team: 'blue' } })
  await harness.endHour()
  await harness.attempts(1)
  await harness.aws.control('faults', { operation: 'MeterUsage', error: 'AccessDeniedException' })
  await harness.post({ dimension: 'requests', quantity: 3 })
  await harness.endHour()
  await harness.attempts(2)
  const late = { occurredAt: new Date(harness.clock.now() - 120_000).toISOString() }
  await harness.post({ dimension: 'requests', quantity: 1, ...late })
})
afterAll(async () => {
  await harness.close()
  rmSync(folder, { recursive: true, force: true })
})

const origin = () => `http://127.0.0.1:${harness.sidecar.appPort}`

/** Runs it in an empty folder, where it may leave files. */
function runTool(program: string, args: readonly string[]): Promise<Run> {
  const env = {
    ...process.env,
    NO_COLOR: '1',
    REDOCLY_TELEMETRY: 'off',
    REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
  }
  return new Promise((resolve) => {
    execFile(program, [...args], { cwd: folder, env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? 1)
      resolve({ code, output: `${stdout}\n${stderr}` })
    })
  })
}

test('a linter of OpenAPI documents finds nothing, by its recommended rules', async () => {
  const document = await (await fetch(`${origin()}/openapi.json`)).text()
  const file = join(folder, 'openapi.json')
  writeFileSync(file, document)
  const { code, output } = await runTool(process.execPath, [await redoclyScript(), 'lint', file])
  expect(code, output).toBe(0)
  expect(output).not.toMatch(/You have \d+ warning/)
})

test('the sidecar answers every generated request as the document says', async () => {
  const checks = [
    'not_a_server_error',
    'status_code_conformance',
    'content_type_conformance',
    'response_headers_conformance',
    'response_schema_conformance',
    'negative_data_rejection',
    'unsupported_method',
    'allow_header_conformance',
  ]
  const args = [
    `run ${origin()}/openapi.json --checks ${checks.join(',')}`,
    // Other tests cover AWS's protocol, with real clients.
    '--exclude-operation-id callAws --phases examples,coverage,fuzzing',
    '--max-examples 60 --seed 1 --generation-database none',
  ]
  const { code, output } = await runTool(await schemathesisPath(), args.join(' ').split(' '))
  expect(code, output).toBe(0)
  // The route of the document itself does not count.
  const methods = ['get', 'post', 'put', 'delete']
  const count = Object.values(openApiPaths)
    .flatMap((path) => Object.keys(path))
    .filter((name) => methods.includes(name)).length
  expect(output).toMatch(new RegExp(`Operations: +${count - 2} selected / ${count - 1} total`))
})
