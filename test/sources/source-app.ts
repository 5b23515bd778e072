import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Command } from '../../scripts/tools/source-tools.ts'

/** An application of test/sources that counts. */
export interface SourceApp {
  /** The next line that it writes. */
  line(): Promise<string>
  /** Has it do something; resolves when it is done. */
  perform(command: object): Promise<void>
  /** Lets it end by itself, which sends what it has. */
  end(): Promise<void>
  kill(): void
}

export function startSourceApp(
  [command, ...args]: Command,
  env: Readonly<Record<string, string>> = {},
): SourceApp {
  const app = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let complaints = ''
  app.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
  const ended = once(app, 'close')
  const lines = createInterface({ input: app.stdout })[Symbol.asyncIterator]()
  const line = async () => {
    const next = await lines.next()
    if (next.done === true) throw new Error(`the application ended: ${complaints}`)
    return next.value
  }
  return {
    line,
    async perform(task) {
      app.stdin.write(`${JSON.stringify(task)}\n`)
      const answer = await line()
      if (answer !== 'ok') throw new Error(`the application says ${answer}: ${complaints}`)
    },
    async end() {
      app.stdin.end()
      await ended
    },
    kill: () => void app.kill('SIGKILL'),
  }
}
