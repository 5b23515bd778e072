import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { doctorExitCodes, doctorHelp } from '../../src/cli/doctor/doctor.ts'
import { checks } from '../../src/doctor/checks/checks.ts'
import { renderChecksTable } from '../../scripts/generate/checks-table.ts'
import { startEmulator } from '../service/emulator/harness.ts'
import { doctorJson, runDoctor } from '../support/doctor/doctor-command.ts'
import { testMachine } from '../support/doctor/test-machine.ts'
import { temporaryDirectory } from '../support/program/program.ts'
import { findFreePort } from '../kill/free-port.ts'
import { readPage, tableOf } from './page.ts'

const page = readPage('reference/doctor.md')
const between = (start: string, end: string) =>
  page.slice(page.indexOf('\n', page.indexOf(start)) + 1, page.indexOf(end)).trim()

test('the page has the table of checks that the code generates', () => {
  expect(between('<!-- checks:', '<!-- end of checks -->')).toBe(renderChecksTable(checks))
})

test('the page and the help have the exit codes', () => {
  expect(tableOf(page, 'Exit code').map(([code]) => Number(code))).toEqual(
    Object.values(doctorExitCodes),
  )
  expect(doctorHelp).toContain(
    'Exit codes: 0 all is well, 1 there are warnings, 2 something failed',
  )
})

test('the page names every option, and no other', () => {
  const own = page.replace(renderChecksTable(checks), '').replaceAll(/^(kubectl|aws) .*$/gm, '')
  const options = (text: string) => new Set(text.match(/--[a-z]+(-[a-z]+)*/g))
  expect(options(own)).toEqual(options(doctorHelp))
})

describe('the sample', () => {
  const env: Record<string, string> = {}
  beforeAll(() => {
    for (const [, name = '', value = ''] of page.matchAll(/([A-Z][A-Z_]+)=(\S+)/g))
      env[name] = value
  })

  /** The machine of the sample on free ports, and its output with the ports of the page. */
  async function sampleMachine() {
    const aws = await startEmulator()
    onTestFinished(() => aws.close())
    const [app, ops] = [await findFreePort(), await findFreePort()]
    const directory = temporaryDirectory()
    const machine = testMachine({
      env: {
        ...env,
        SIDECAR_AWS_ENDPOINT: aws.url,
        SIDECAR_LISTEN: `127.0.0.1:${app}`,
        SIDECAR_OPS_LISTEN: `127.0.0.1:${ops}`,
        SIDECAR_DATA_DIR: `${directory}/data`,
        AWS_EC2_METADATA_DISABLED: 'true',
      },
      reader: {
        readText: (path) =>
          path === env['SIDECAR_PUBLIC_KEY_FILE'] ? aws.emulator.publicKeyPem() : undefined,
      },
      clock: aws.clock,
      userId: 1000,
      mountInfo: () => '21 1 8:1 / / rw - ext4 /dev/sda1 rw',
    })
    const masked = (text: string) =>
      text
        .replaceAll(aws.url, 'http://127.0.0.1:7071')
        .replaceAll(`port ${new URL(aws.url).port}`, 'port 7071')
        .replaceAll(String(app), '7070')
        .replaceAll(String(ops), '9464')
        .replaceAll(`${directory}/data`, '/tmp/sidecar-data')
        .replaceAll(directory, '/tmp')
        .replaceAll(/\d+ MiB/g, '<figure> MiB')
        // The three settings that keep the test off fixed ports and off the network.
        .replace(/^(pass {2}settings +)\d+/m, '$1<figure>')
        // Lines break in other places if a path or a port is longer.
        .replaceAll(/\s+/g, ' ')
    return { machine, masked }
  }

  test('is what the command prints', async () => {
    const { machine, masked } = await sampleMachine()
    const { code, out } = await runDoctor(machine)
    const [, sample = ''] = /<!-- sample:.*?-->\n```\n(.*?)\n```/s.exec(page) ?? []
    expect(code).toBe(1)
    expect(masked(out.join('\n'))).toBe(masked(sample))
  })

  test('has the members of a finding that the page describes', async () => {
    const { machine } = await sampleMachine()
    const { checks: findings, certify } = await doctorJson(machine, '--certify')
    expect(Object.keys(findings[0] ?? {})).toEqual(
      tableOf(page, 'Member of a finding').map(([name]) => name),
    )
    expect(Object.keys(certify ?? {})).toEqual(
      tableOf(page, 'Member of `certify`').map(([name]) => name),
    )
  })
})
