/**
 * Runs in AWS's place: `node large-aws.ts <port> <emulator's URL>`. It passes everything on. Between
 * `POST /_large` and `POST /_plain` every call has an answer of the largest size that the sidecar reads, a larger
 * one or one without end, and most of them keep the last byte back for 5 s.
 */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'

const [port, emulator = ''] = process.argv.slice(2)
const heldMs = 5000
const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'large' }
let isLarge = false
let turn = 0

/** Makes an answer of `size` bytes out of one with `PADDING` in it. */
function padded(text: string, size: number): Buffer {
  return Buffer.from(text.replace('PADDING', 'x'.repeat(size - text.length + 'PADDING'.length)))
}

/** `size` is the largest that the sidecar reads. */
const answers: readonly ((response: ServerResponse, size: number) => void)[] = [
  (response, size) =>
    slowly(response, 400, padded('{"__type":"ThrottlingException","message":"PADDING"}', size)),
  (response, size) => slowly(response, 200, padded('{"MeteringRecordId":"PADDING"}', size)),
  (response, size) => slowly(response, 200, padded('{"Results":[],"More":"PADDING"}', size)),
  (response) => slowly(response, 200, tooLarge),
  (response) => withoutEnd(response),
]
const tooLarge = padded('{"Results":[],"More":"PADDING"}', 4 * 1_048_576)

function slowly(response: ServerResponse, status: number, answer: Buffer): void {
  response.writeHead(status, { ...headers, 'content-length': answer.length })
  response.write(answer.subarray(0, -1))
  setTimeout(() => response.end(answer.subarray(-1)), heldMs)
}

/** 256 MiB: enough to see whether someone reads it. */
function withoutEnd(response: ServerResponse): void {
  response.writeHead(200, headers)
  const piece = Buffer.alloc(65_536, ' ')
  let left = 4096
  const more = () => {
    while (left > 0 && !response.destroyed && response.write(piece)) left -= 1
    if (left === 0) response.end()
    else response.once('drain', more)
  }
  more()
}

async function passOn(asked: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '/' } = asked
  const body = await buffer(asked)
  const to = { method, headers: asked.headers }
  const onward = request(new URL(url, emulator), to, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers)
    answer.pipe(response)
  })
  onward.once('error', () => response.destroy())
  onward.end(body)
}

createServer((asked, response) => {
  response.on('error', () => {})
  if (asked.url === '/_large' || asked.url === '/_plain') {
    isLarge = asked.url === '/_large'
    response.end()
  } else if (isLarge && asked.url === '/') {
    asked.resume()
    const length = Number(asked.headers['content-length'])
    answers[turn % answers.length]?.(response, 65_536 + 2 * length)
    turn += 1
  } else void passOn(asked, response)
}).listen(Number(port), '127.0.0.1', () => console.log('ready'))
