import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { ProblemCode } from '../../kernel/problems/problem-table.ts'
import { problemContentType, problemOf } from './problem.ts'

/** Why Node could not read a request: its bytes, their number or their time. */
export type Unreadable = Error & { readonly code?: string }

const problemCodes: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'HeadersTooLarge',
  ERR_HTTP_REQUEST_TIMEOUT: 'RequestTimeout',
}

/** How long a client that still sends has to take the answer that ends its connection. */
export const lingerMs = 1000

/** Answers bytes that are not an HTTP request, and ends the connection. */
export function answerUnreadable(error: Unreadable, socket: Socket): void {
  const code = problemCodes[error.code ?? ''] ?? 'InvalidRequest'
  if (!socket.writable) {
    socket.destroy()
    return
  }
  socket.end(rawProblem(code, error.message))
  // What the client still sends would make the system discard the answer. A client that stays is cut off.
  socket.setTimeout(lingerMs, () => socket.destroy())
}

function rawProblem(code: ProblemCode, detail: string): string {
  const problem = problemOf(code, detail)
  const body = JSON.stringify(problem)
  return [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `Content-Type: ${problemContentType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${randomUUID()}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
