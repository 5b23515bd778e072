import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { ClientTool } from '../../scripts/tools/client-tools.ts'
import type { Call, CallResult } from './call.ts'

/** A running client in some language. */
export interface Driver {
  perform(call: Call): Promise<CallResult>
  close(): void
}

/** The emulator treats an access key as a task or pod. */
export const clientKeyId = 'AKIACLIENT'

/**
 * Returns the complete environment of a client: the one line of docs/guides/clients.md, a region, credentials as in
 * any container, and at most one retry, to save time.
 */
export function environmentFor(endpoint: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    AWS_ENDPOINT_URL_MARKETPLACE_METERING: endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: clientKeyId,
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_MAX_ATTEMPTS: '2',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: '1',
  }
}

/** Starts a program that reads one call per line and answers each with a line. */
export function startDriver({ command, args }: ClientTool, endpoint: string): Driver {
  const child = spawn(command, args, {
    env: environmentFor(endpoint),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]()
  const diagnosis = collectErrors(child)
  return {
    async perform(call) {
      child.stdin.write(`${JSON.stringify(call)}\n`)
      const { value, done } = await answers.next()
      if (done === true) throw new Error(`the client ended: ${diagnosis()}`)
      return JSON.parse(value) as CallResult
    },
    close: () => void child.kill(),
  }
}

function collectErrors(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (part: string) => (text += part))
  return () => text
}

/** Drives the AWS CLI: one process per call, one option per member. It shows only the name of an error. */
export function awsCliDriver({ command: aws }: ClientTool, endpoint: string): Driver {
  const env = environmentFor(endpoint)
  return {
    perform({ operation, region, input }) {
      const place = region === undefined ? [] : ['--region', region]
      const options = Object.entries(input).flatMap(([name, value]) => optionOf(name, value))
      const command = ['meteringmarketplace', dashed(operation), ...options]
      const args = [...command, '--output', 'json', ...place]
      return new Promise((resolve, reject) => {
        execFile(aws, args, { env }, (error, stdout, stderr) => {
          if (error === null) {
            const output = JSON.parse(stdout) as Readonly<Record<string, unknown>>
            return resolve({ output, status: null, requestId: null })
          }
          const [, code, message] =
            /An error occurred \((\w+)\) when calling .*?: (.*)/s.exec(stderr) ?? []
          if (code === undefined || message === undefined) return reject(error)
          return resolve({ error: { type: code, code, message }, status: null, requestId: null })
        })
      })
    },
    close: () => {},
  }
}

function optionOf(name: string, value: unknown): string[] {
  if (value === undefined) return []
  const option = `--${dashed(name)}`
  if (value === true) return [option]
  return [option, typeof value === 'string' ? value : JSON.stringify(value)]
}

/** Turns `ProductCode` into `product-code`. */
function dashed(name: string): string {
  return name.replace(/(?<!^)[A-Z]/g, '-$&').toLowerCase()
}
