import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, vi } from 'vitest'
import {
  demoAddresses,
  earlyInTheHour,
  root,
  startCommand,
  statusOf,
  type DemoAddresses,
} from './program.ts'

/** The texts of a page's code blocks in one language. */
export function codeBlocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  )
}

export interface ConsoleExample {
  readonly command: string
  readonly answer: string
}

/** Returns the content of a page's `console` blocks: each command after its `$`, and what it prints. */
export function consoleExamples(page: string): ConsoleExample[] {
  return codeBlocks(page, 'console').flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const end = text.indexOf('\n')
        return { command: text.slice(0, end), answer: text.slice(end + 1) }
      }),
  )
}

/** Returns what a command prints in the project's folder. */
export async function bash(command: string): Promise<string> {
  return (await promisify(execFile)('bash', ['-c', command], { cwd: root })).stdout
}

export const hasCurl = await bash('command -v curl').then(
  () => true,
  () => false,
)

/** `npm start` with free ports and short hours, entitled and early in an hour. */
export async function startDemo() {
  const program = startCommand('npm', [
    'start',
    '--',
    '--hour',
    '4s',
    '--port',
    '0',
    '--ops-port',
    '0',
    '--emulator-port',
    '0',
  ])
  const addresses = await demoAddresses(program)
  await statusOf(`${addresses.app}/v1/entitlement?wait=10`)
  await earlyInTheHour(addresses)
  return { program, addresses }
}

/**
 * Runs the examples in their order against a demo; each must print what the page says. One that only
 * reads may be repeated, for example until an hour is over.
 */
export async function runExamples(
  examples: readonly ConsoleExample[],
  addresses: DemoAddresses,
): Promise<void> {
  for (const { command, answer } of examples) {
    const run = () => bash(withPorts(command, addresses)).then(steady, String)
    const expectAnswer = (printed: unknown) => expect(printed, command).toEqual(steady(answer))
    if (command.includes('-d ')) expectAnswer(await run())
    else await vi.waitFor(async () => expectAnswer(await run()), { timeout: 10_000 })
  }
}

/** The pages' ports are the defaults; the test's are free ones. */
export function withPorts(command: string, { app, ops, emulator }: DemoAddresses): string {
  return command
    .replaceAll('localhost:7070', new URL(app).host)
    .replaceAll('localhost:9464', new URL(ops).host)
    .replaceAll('localhost:7071', new URL(emulator).host)
}

/** Returns the part that is always the same: JSON in one form, without the times and ids of this run. */
function steady(answer: string): unknown {
  const text = answer
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<uuid>')
    .replaceAll(/[0-9a-f]{64}/g, '<hash>')
  return text.startsWith('{') ? JSON.parse(text) : text
}
